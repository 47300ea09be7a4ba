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
                "backPath": "\(address.base)/", "backText": texts("error.back"),
            ])
    }

    func errorJSON(_ error: FrontendError, id: String) -> JSONObject {
        var object = JSONObject()
        object.add("error", error.code.rawValue)
        object.add("message", texts("error.\(error.code.rawValue).what"))
        object.add("detail", error.detail.isEmpty ? nil : error.detail)
        object.add("advice", texts("error.\(error.code.rawValue).now"))
        object.add("log_id", id)
        return object
    }
}
