import Accounts
import Glibc

/// A real slapd with a few people.
final class Slapd: Sendable {
    private let scratch: Scratch
    private let process: HeldProcess
    let port: Int
    let tlsPort: Int

    /// - Parameter offersTLS: False makes a server that knows no encryption.
    init(offersTLS: Bool = true) async throws {
        let certificates = try await Certificates.shared
        scratch = try Scratch()
        let directory = scratch.path
        port = try Ports.free()
        tlsPort = try Ports.free()
        try await run("/bin/mkdir", [directory + "/db"])
        let tls = """
            TLSCertificateFile \(certificates.certificate)
            TLSCertificateKeyFile \(certificates.key)

            """
        let configuration = try scratch.write(
            Self.configuration(directory, tls: offersTLS ? tls : ""), to: "slapd.conf")
        let people = try scratch.write(Self.people, to: "people.ldif")
        try await run("/usr/sbin/slapadd", ["-q", "-f", configuration, "-l", people])
        let urls = "ldap://127.0.0.1:\(port)/" + (offersTLS ? " ldaps://127.0.0.1:\(tlsPort)/" : "")
        process = try HeldProcess(
            directory: directory, command: ["/usr/sbin/slapd", "-f", configuration, "-h", urls, "-d", "stats"],
            log: directory + "/log")
        try await Ports.wait(for: offersTLS ? [port, tlsPort] : [port], of: process) { scratch.read("log") }
    }

    /// Everything that the server was asked.
    var log: String { scratch.read("log") }

    /// A bind with an empty password counts as anonymous here, as in many a real directory.
    private static func configuration(_ directory: String, tls: String) -> String {
        """
        include /etc/ldap/schema/core.schema
        include /etc/ldap/schema/cosine.schema
        include /etc/ldap/schema/inetorgperson.schema
        pidfile \(directory)/pid
        argsfile \(directory)/args
        modulepath /usr/lib/ldap
        moduleload back_mdb
        allow bind_anon_cred
        \(tls)
        database mdb
        suffix dc=example,dc=org
        directory \(directory)/db
        dbnosync
        access to attrs=userPassword by anonymous auth by * none
        access to dn.subtree="ou=hidden,dc=example,dc=org" by dn.exact="cn=reader,dc=example,dc=org" read by * none
        access to * by * read

        """
    }

    private static let people = """
        dn: dc=example,dc=org
        objectClass: dcObject
        objectClass: organization
        o: Example

        dn: ou=people,dc=example,dc=org
        objectClass: organizationalUnit

        dn: ou=guests,dc=example,dc=org
        objectClass: organizationalUnit

        dn: ou=hidden,dc=example,dc=org
        objectClass: organizationalUnit

        dn: cn=reader,dc=example,dc=org
        objectClass: inetOrgPerson
        sn: Reader
        userPassword: reads

        dn: uid=alice,ou=people,dc=example,dc=org
        objectClass: inetOrgPerson
        cn: Alice Example
        sn: Example
        mail: alice@example.org
        mail: a.example@example.org
        ou: staff
        ou: beamline
        userPassword: secret

        dn: uid=twin,ou=people,dc=example,dc=org
        objectClass: inetOrgPerson
        cn: First Twin
        sn: Twin
        userPassword: secret

        dn: uid=twin,ou=guests,dc=example,dc=org
        objectClass: inetOrgPerson
        cn: Second Twin
        sn: Twin
        userPassword: secret

        dn: cn=Nameless,ou=people,dc=example,dc=org
        objectClass: inetOrgPerson
        sn: Nameless
        userPassword: secret

        dn: uid=locked,ou=people,dc=example,dc=org
        objectClass: inetOrgPerson
        cn: No Password
        sn: Locked

        dn: uid=odd,ou=people,dc=example,dc=org
        objectClass: inetOrgPerson
        uid: (J\\*rg)
        cn: Odd Name
        sn: Odd
        userPassword: secret

        dn: uid=hidden,ou=hidden,dc=example,dc=org
        objectClass: inetOrgPerson
        cn: Seen By The Reader Only
        sn: Hidden
        userPassword: secret

        """
}
