import FoundationEssentials

extension FormFields {
    /// Reads a JSON object whose values are texts, numbers and truth values; `null` counts as not given.
    init(json body: [UInt8]) throws(FrontendError) {
        self.init()
        let object: [String: Scalar]
        do {
            object = try JSONDecoder().decode([String: Scalar].self, from: Data(body))
        } catch {
            throw .badBody("no JSON object")
        }
        for (name, scalar) in object {
            if let value = scalar.value { try add(name, value) }
        }
    }

    private struct Scalar: Decodable {
        var value: Value?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            // Each `try?` asks for one type; which one it is shows only by trying.
            if container.decodeNil() {
                value = nil
            } else if let truth = try? container.decode(Bool.self) {
                value = .text(truth ? "true" : "false")
            } else if let number = try? container.decode(Int.self) {
                value = .text("\(number)")
            } else if let number = try? container.decode(Double.self) {
                value = .text("\(number)")
            } else if let text = try? container.decode(String.self) {
                value = .text(text)
            } else {
                value = .unreadable
            }
        }
    }
}
