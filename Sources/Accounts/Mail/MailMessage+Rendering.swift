import FoundationEssentials

extension MailMessage {
    /// The message as it goes over the wire (RFC 5322, RFC 2045).
    /// - Throws: `AccountsError` `.rejected` if a header would get a line break or something else that it can't have.
    package func rendered() throws(AccountsError) -> [UInt8] {
        // An id looks like an address (RFC 5322 3.6.4).
        guard let id = EmailAddress(messageID) else {
            throw AccountsError(.rejected, "The mail's message id is not of the form text@domain.")
        }
        let lines = [
            "From: \(try MailHeader.mailbox(from))",
            "To: \(try MailHeader.mailbox(to))",
            "Subject: \(try MailHeader.text(subject))",
            "Date: \(MailHeader.date(date))",
            "Message-ID: <\(id)>",
            // Keeps holiday notices from answering (RFC 3834).
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ]
        return Array((lines.joined(separator: "\r\n") + "\r\n" + (try content()).rendered).utf8)
    }

    private func content() throws(AccountsError) -> MIMEPart {
        let plain = MIMEPart.text(text, subtype: "plain")
        guard let html else { return plain }
        var shown = MIMEPart.text(html, subtype: "html")
        if !images.isEmpty {
            var parts = [shown]
            for image in images { parts.append(try .image(image)) }
            shown = .multipart("related", parts)
        }
        return .multipart("alternative", [plain, shown])
    }
}
