import Glibc

/// A real dovecot with one user.
final class Dovecot: Sendable {
    private let scratch: Scratch
    private let process: HeldProcess
    let port: Int
    let tlsPort: Int

    /// Answers a wrong password at once.
    /// - Parameter offersTLS: False makes a server that knows no encryption and takes passwords in clear.
    init(offersTLS: Bool = true) async throws {
        let certificates = try await Certificates.shared
        scratch = try Scratch()
        let directory = scratch.path
        port = try Ports.free()
        tlsPort = try Ports.free()
        let tls = """
            ssl = yes
            ssl_cert = <\(certificates.certificate)
            ssl_key = <\(certificates.key)
            """
        try await run("/bin/sh", ["-ec", "mkdir -m 755 base state mail; chown mail:mail mail"], in: directory)
        try scratch.write("alice:{PLAIN}secret\nalice@example.org:{PLAIN}secret\n", to: "users")
        let configuration = try scratch.write(
            Self.configuration(directory, port: port, tlsPort: tlsPort, tls: offersTLS ? tls : "ssl = no"),
            to: "dovecot.conf")
        process = try HeldProcess(
            directory: directory, command: ["/usr/sbin/dovecot", "-F", "-c", configuration], log: directory + "/log")
        try await Ports.wait(for: offersTLS ? [port, tlsPort] : [port], of: process) { scratch.read("log") }
    }

    private static func configuration(_ directory: String, port: Int, tlsPort: Int, tls: String) -> String {
        """
        protocols = imap
        listen = 127.0.0.1
        base_dir = \(directory)/base
        state_dir = \(directory)/state
        log_path = \(directory)/log
        \(tls)
        disable_plaintext_auth = no
        auth_mechanisms = plain login
        auth_failure_delay = 0
        first_valid_uid = 1
        mail_location = maildir:\(directory)/mail/%u
        passdb {
          driver = passwd-file
          args = scheme=PLAIN \(directory)/users
        }
        userdb {
          driver = static
          args = uid=mail gid=mail home=\(directory)/mail/%u
        }
        service imap-login {
          inet_listener imap {
            port = \(port)
          }
          inet_listener imaps {
            port = \(tlsPort)
            ssl = yes
          }
        }
        service anvil {
          chroot =
          unix_listener anvil-auth-penalty {
            mode = 0
          }
        }

        """
    }
}
