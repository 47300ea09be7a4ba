package import Redis

extension LoginStore {
    /// A login by its id, if it is still good. To look at it is not to use it: it ends of idleness all the same.
    package func look(at id: String) async throws(RedisError) -> Login? {
        let reply = try await redis.send(["HMGET", "qwd:login:\(id)"] + Login.fields)
        return reply.array.flatMap { Login(id: id, values: $0.map(\.string)) }
    }
}
