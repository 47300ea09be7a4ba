import Accounts
import Domain
import Glibc
import Frontend
import Logging
import Logins
import Processes
import Queue
import Secrets
import Settings

extension Roles {
    /// How people sign in, or nil where nobody does.
    /// - Throws: What is wrong with the options of a method or with a secret's file.
    func dependencies(_ queue: JobQueue) throws(Failure) -> SignInDependencies? {
        let auth = settings.auth
        if auth.methods == [.none] { return nil }
        let chain = try chain()
        return SignInDependencies(
            chain: chain,
            logins: LoginStore(redis: queue.redis, idle: auth.login.idle, absolute: auth.login.absolute),
            options: SignInOptions(
                admins: auth.admins, adminGroup: auth.adminGroup, secondFactor: auth.secondFactor.option,
                emailDomains: auth.methods.contains(.email) ? auth.email.domains : [], emailOneShot: auth.email.oneShot)
        )
    }

    /// The ways to sign in, each looked at.
    func chain() throws(Failure) -> SignInChain {
        var methods: [any SignInMethod] = []
        for name in settings.auth.methods {
            guard let method = try method(name) else { continue }
            do throws(AccountsError) {
                try method.check()
            } catch {
                throw Failure(.badConfiguration, "auth.methods: \(name.rawValue): \(error.detail)")
            }
            methods.append(method)
        }
        let logger = logger
        return SignInChain(methods: methods) { method, error in
            // What only an administrator can mend stands out.
            logger.log(
                level: error.isTransient ? .warning : .error,
                error.isTransient ? "sign-in can't be decided" : "sign-in is set up wrong",
                metadata: ["auth.method": "\(method)", "error": "\(error)"])
        }
    }

    /// A method, or nil for one that the pages do by themselves.
    private func method(_ name: Settings.Auth.Method) throws(Failure) -> (any SignInMethod)? {
        let auth = settings.auth
        switch name {
        case .local:
            var options = LocalMethod.Options()
            options.service = auth.local.service
            options.noteRefusal = note(refusalsOf: "local")
            return LocalMethod(options)
        case .ldap:
            var options = LDAPMethod.Options(url: auth.ldap.url?.description ?? "", base: auth.ldap.base ?? "")
            options.startTLS = auth.ldap.startTLS
            options.ca = auth.ldap.ca ?? ""
            options.filter = auth.ldap.filter
            options.bindDN = auth.ldap.bindDN ?? ""
            if let file = auth.ldap.bindPasswordFile { options.bindPassword = try Self.secretText(file) }
            options.userAttribute = auth.ldap.user
            options.mailAttribute = auth.ldap.mail ?? ""
            options.groupsAttribute = auth.ldap.groups ?? ""
            options.timeout = auth.ldap.timeout
            options.noteRefusal = note(refusalsOf: "ldap")
            return LDAPMethod(options)
        case .imap: return IMAPMethod(Self.options(auth.imap))
        case .smtp: return SMTPMethod(Self.options(auth.smtp))
        case .command:
            try settings.checkSignInProgram()
            var options = CommandMethod.Options(path: auth.command.path ?? "")
            options.timeout = auth.command.timeout
            return CommandMethod(options)
        case .email, .none: return nil
        }
    }

    /// Why a right password did not let somebody in, for the administrator.
    private func note(refusalsOf method: String) -> @Sendable (String) -> Void {
        let logger = logger
        return { logger.notice("sign-in refused", metadata: ["auth.method": "\(method)", "reason": "\($0)"]) }
    }

    private static func options(_ server: Settings.Auth.MailServer) -> MailAccountOptions {
        var options = MailAccountOptions(url: server.url?.description ?? "")
        options.ca = server.ca ?? ""
        options.mailDomain = server.mailDomain ?? ""
        options.timeout = server.timeout
        return options
    }

    private static func secretText(_ path: String) throws(Failure) -> Secret {
        do throws(SecretFileError) {
            return try SecretFile.read(path: path)
        } catch {
            throw Failure(.badConfiguration, "\(error)")
        }
    }

    /// Who sends mails, or nil where none are sent.
    func postOffice() throws(Failure) -> MailConfiguration? {
        let mail = settings.mail
        guard let url = mail.url, let from = mail.from.flatMap({ EmailAddress($0) }) else { return nil }
        var options = MailServer.Options(url: url.description)
        options.user = mail.user ?? ""
        if let file = mail.passwordFile { options.password = try Self.secretText(file) }
        options.method = MailServer.Method(rawValue: mail.method.rawValue) ?? .auto
        options.ca = mail.ca ?? ""
        let server = MailServer(options)
        do throws(AccountsError) {
            try server.check()
        } catch {
            throw Failure(.badConfiguration, error.detail)
        }
        return MailConfiguration(server: server, from: from)
    }

    /// The certificate of the pages, or nil where they are served without TLS.
    func certificate() throws(Failure) -> Certificate? {
        guard let chain = settings.tls.certificate, let key = settings.tls.key else { return nil }
        // Its mode is checked too.
        _ = try Self.secretText(key)
        do {
            return try Certificate(chain: chain, key: key, logger: logger)
        } catch {
            throw Failure(.badConfiguration, "\(error)")
        }
    }
}

extension Settings {
    /// Refuses a program for signing in that others could replace: whom that lets in is let in.
    func checkSignInProgram() throws(Failure) {
        guard auth.methods.contains(.command), let path = auth.command.path else { return }
        do {
            try Files.checkOwnFile(path)
        } catch {
            throw Failure(.badConfiguration, "auth.command.path: \(error.detail)")
        }
        if access(path, X_OK) != 0 {
            throw Failure(
                .badConfiguration, "auth.command.path: \(path) can't be run. Make it executable: chmod +x \(path)")
        }
    }
}

extension Settings.Auth.SecondFactor {
    fileprivate var option: SignInOptions.SecondFactor {
        switch self {
        case .none: .none
        case .email: .email
        case .totp: .totp
        }
    }
}
