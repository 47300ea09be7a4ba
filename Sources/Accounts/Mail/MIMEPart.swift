import Domain
import FoundationEssentials

/// A part of a mail: its header lines and its body (RFC 2045, RFC 2046).
struct MIMEPart {
    private var header: [String]
    private var body: String

    static func text(_ text: String, subtype: String) -> MIMEPart {
        MIMEPart(
            header: [
                "Content-Type: text/\(subtype); charset=utf-8",
                "Content-Transfer-Encoding: quoted-printable",
            ],
            body: QuotedPrintable.encoded(text))
    }

    static func image(_ image: MailMessage.InlineImage) throws(AccountsError) -> MIMEPart {
        let words = image.type.split(separator: "/", omittingEmptySubsequences: false)
        guard words.count == 2, (words + [Substring(image.cid)]).allSatisfy(isToken) else {
            throw AccountsError(.rejected, "A picture of the mail has no proper type or content id.")
        }
        return MIMEPart(
            header: [
                "Content-Type: \(image.type)",
                "Content-Transfer-Encoding: base64",
                "Content-ID: <\(image.cid)>",
                "Content-Disposition: inline",
            ],
            body: Data(image.bytes).base64EncodedString(options: [.lineLength76Characters]))
    }

    static func multipart(_ subtype: String, _ parts: [MIMEPart]) -> MIMEPart {
        // Neither quoted-printable nor base64 can have `=_` in it (RFC 2045 6.7).
        let boundary = "=_\(subtype)"
        let body = parts.map { "--\(boundary)\r\n\($0.rendered)\r\n" }.joined() + "--\(boundary)--"
        return MIMEPart(header: ["Content-Type: multipart/\(subtype); boundary=\"\(boundary)\""], body: body)
    }

    var rendered: String {
        header.joined(separator: "\r\n") + "\r\n\r\n" + body + "\r\n"
    }

    private static func isToken(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0.isLetterOrDigit || ".-+@".utf8.contains($0) }
    }
}
