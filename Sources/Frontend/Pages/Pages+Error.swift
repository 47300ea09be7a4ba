import HTTPTypes

extension Pages {
    /// - Parameter refresh: Whether the page tries again by itself.
    func error(_ error: FrontendError, id: String, path: String, refresh: Bool) -> String {
        let key = "error.\(error.code.rawValue)"
        return render(
            "error",
            [
                "status": "\(error.status.code) \(error.status.reasonPhrase)", "title": texts("\(key).title"),
                "what": texts("\(key).what"), "detail": error.detail, "hasDetail": !error.detail.isEmpty,
                "now": texts("\(key).now"), "path": path, "id": id, "refresh": refresh,
                // What somebody has asked for wrongly is in the log only where it is told everything.
                "isLogged": error.status.code >= 500,
                "backPath": "\(address.base)/", "backText": texts("error.back"),
            ])
    }

    func errorJSON(_ error: FrontendError, id: String) -> ErrorAnswer {
        ErrorAnswer(
            error: error.code.rawValue, message: texts("error.\(error.code.rawValue).what"),
            detail: error.detail.isEmpty ? nil : error.detail, advice: texts("error.\(error.code.rawValue).now"),
            logID: id)
    }
}

/// What went wrong, as programs read it.
struct ErrorAnswer: Encodable, Sendable {
    /// A code of ours.
    var error: String
    var message: String
    @Nullable var detail: String?
    /// What can be done.
    var advice: String
    var logID: String

    private enum CodingKeys: String, CodingKey {
        case error, message, detail, advice
        case logID = "log_id"
    }
}
