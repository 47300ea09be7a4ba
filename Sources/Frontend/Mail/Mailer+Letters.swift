import Accounts
import Domain
import FoundationEssentials
import Queue
import Secrets

extension Mailer {
    private var texts: Texts { services.pages.texts }

    /// The message of a job, or nil where there is nothing to say any more.
    func letter(for job: ClaimedJob) async throws(AccountsError) -> MailMessage? {
        if let session = job.claim.session { return try await letter(about: session, job) }
        return try codeLetter(job)
    }

    private func codeLetter(_ job: ClaimedJob) throws(AccountsError) -> MailMessage {
        guard let letter = services.secret.unseal(job.sealed, for: .mail, beside: job.claim.job) else {
            throw AccountsError(.badConfiguration, "The mail was sealed by a service with another secret.")
        }
        let lines = letter.revealed.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 3, let to = EmailAddress(lines[0]) else {
            throw AccountsError(.rejected, "The person has no e-mail address.")
        }
        var paragraphs = [texts("mail.code.text", ["code": lines[1]])]
        var link: String?
        if job.topic == "mailed-link", let page = page("/sign-in/code") {
            // Behind the `#`, so that no log has it.
            link = "\(page)#\(lines[2]).\(lines[1])"
            paragraphs.append(texts("mail.code.link"))
        }
        return compose(
            job, to: to, subject: texts("mail.code.subject"), paragraphs: paragraphs, link: link, picture: false,
            last: texts("mail.code.stranger"))
    }

    private func letter(about id: SessionID, _ job: ClaimedJob) async throws(AccountsError) -> MailMessage? {
        let found: Session?
        do throws(QueueError) {
            found = try await services.queue.session(id)
        } catch {
            throw AccountsError(.unavailable, error.detail, cause: error)
        }
        guard let session = found, session.isOpen else { return nil }
        guard let to = session.request.email.flatMap({ EmailAddress($0) }) else {
            throw AccountsError(.rejected, "The person has no e-mail address.")
        }
        let values = [
            "machine": session.request.machineTitle, "end": session.expiresAt.map { TimeText.readable($0) } ?? "",
        ]
        switch JobQueue.SessionMail(rawValue: job.topic) {
        case .ready:
            guard let link = services.connectURL(of: session, for: nil) else { return nil }
            return compose(
                job, to: to, subject: texts("mail.ready.subject", values),
                paragraphs: [texts("mail.ready.text", values)], link: link, picture: true,
                last: session.expiresAt == nil ? "" : texts("mail.ready.end", values))
        case .ending:
            let page = page("/sessions/\(id)")
            let paragraphs = [texts("mail.ending.text", values)] + (page == nil ? [] : [texts("mail.ending.extend")])
            return compose(
                job, to: to, subject: texts("mail.ending.subject", values), paragraphs: paragraphs, link: page,
                picture: false, last: "")
        case nil:
            throw AccountsError(.rejected, "There is no mail about \(job.topic).")
        }
    }

    /// An address of ours as others reach it; nil where nothing says what that is.
    private func page(_ path: String) -> String? {
        services.pages.address.origin.map { $0 + services.pages.address.base + path }
    }

    private func compose(
        _ job: ClaimedJob, to: EmailAddress, subject: String, paragraphs: [String], link: String?, picture: Bool,
        last: String
    ) -> MailMessage {
        let rest = last.isEmpty ? [] : [last]
        var message = MailMessage(
            from: .init(name: texts("product"), address: post.from), to: .init(address: to), subject: subject,
            text: (paragraphs + (link.map { [$0] } ?? []) + rest).joined(separator: "\n\n") + "\n", date: Date(),
            // The same for another try, so that a mailbox can drop the second one.
            messageID: "\(job.claim.job)@\(post.from.domain)")
        var model: Templates.Model = ["paragraphs": paragraphs, "rest": rest]
        if let link {
            model["link"] = link
            if picture, let code = QRCode(link) {
                model["picture"] = true
                message.images = [.init(cid: "link", type: "image/png", bytes: code.png(scale: 4))]
            }
        }
        message.html = services.pages.render("mail", model)
        return message
    }
}
