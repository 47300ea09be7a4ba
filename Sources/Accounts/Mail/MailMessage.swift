package import FoundationEssentials

/// One mail to one person: text, and perhaps the same as HTML with pictures in it.
package struct MailMessage: Sendable {
    package struct Mailbox: Sendable, Hashable {
        /// May be empty.
        package var name: String
        package var address: EmailAddress

        package init(name: String = "", address: EmailAddress) {
            self.name = name
            self.address = address
        }
    }

    /// A picture that the HTML shows by `<img src="cid:...">`.
    package struct InlineImage: Sendable {
        /// Letters, digits, dots and hyphens.
        package var cid: String
        /// As in `image/png`.
        package var type: String
        package var bytes: [UInt8]

        package init(cid: String, type: String, bytes: [UInt8]) {
            self.cid = cid
            self.type = type
            self.bytes = bytes
        }
    }

    package var from: Mailbox
    package var to: Mailbox
    package var subject: String
    package var text: String
    package var html: String?
    package var images: [InlineImage] = []
    package var date: Date
    /// Without the angle brackets. The same mail sent again keeps it, so that a mailbox can drop the second one.
    package var messageID: String

    package init(from: Mailbox, to: Mailbox, subject: String, text: String, date: Date, messageID: String) {
        self.from = from
        self.to = to
        self.subject = subject
        self.text = text
        self.date = date
        self.messageID = messageID
    }

    /// A message id that nobody else has.
    /// - Parameter domain: Where the mail comes from.
    package static func makeMessageID(domain: String) -> String {
        var generator = SystemRandomNumberGenerator()
        let words = (0..<4).map { _ in UInt32.random(in: .min ... .max, using: &generator) }
        return words.map { String($0, radix: 36) }.joined(separator: ".") + "@" + domain
    }
}
