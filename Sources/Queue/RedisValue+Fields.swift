import Redis

extension RedisValue {
    /// The fields of a hash as HGETALL answers it.
    var dictionary: [String: String] {
        guard let values = array else { return [:] }
        var fields: [String: String] = [:]
        for place in stride(from: 0, to: values.count - 1, by: 2) {
            if let name = values[place].string, let value = values[place + 1].string { fields[name] = value }
        }
        return fields
    }
}
