import FoundationEssentials

/// One line from QEMU.
enum Message: Equatable {
    case greeting(QMPGreeting)
    /// A command succeeded; what it answers is read from the line by whoever knows its type.
    case reply(id: UInt64?)
    case refusal(id: UInt64?, class: String, description: String)
    case event(QMPEvent)

    init(line: Data, decoder: JSONDecoder = JSONDecoder()) throws(QMPError) {
        do {
            self = try decoder.decode(Envelope.self, from: line).message
        } catch {
            // The beginning is enough to recognise what speaks there, and keeps a log readable.
            let start = String(decoding: line.prefix(80), as: UTF8.self)
            throw QMPError(.malformed, "not a QMP message: \(start)", cause: error)
        }
    }
}

private struct Envelope: Decodable {
    let message: Message

    init(from decoder: any Decoder) throws {
        let line = try decoder.container(keyedBy: Key.self)
        if let name = try line.decodeIfPresent(String.self, forKey: .event) {
            message = .event(
                QMPEvent(name: name, fields: try line.decodeIfPresent(QMPEvent.Fields.self, forKey: .data)))
        } else if line.contains(.result) {
            message = .reply(id: Self.id(in: line))
        } else if let refusal = try line.decodeIfPresent(Refusal.self, forKey: .error) {
            message = .refusal(id: Self.id(in: line), class: refusal.class, description: refusal.desc)
        } else {
            message = .greeting(try line.decode(QMPGreeting.self, forKey: .greeting))
        }
    }

    /// Ids are ours and whole numbers; anything else is nobody's.
    private static func id(in line: KeyedDecodingContainer<Key>) -> UInt64? {
        try? line.decodeIfPresent(UInt64.self, forKey: .id)
    }

    private enum Key: String, CodingKey {
        case event, data, id, error
        case result = "return"
        case greeting = "QMP"
    }

    private struct Refusal: Decodable {
        let `class`: String
        let desc: String
    }
}

/// The answer in a reply's line.
struct Answer<Reply: Decodable>: Decodable {
    let reply: Reply

    private enum CodingKeys: String, CodingKey { case reply = "return" }
}
