import HTTPTypes

/// A request that gets no page but an explanation.
struct FrontendError: Error, Sendable, Hashable {
    enum Code: String, Sendable {
        case badBody = "bad-body"
        case unsupportedType = "unsupported-type"
        case tooLarge = "too-large"
        case notFound = "not-found"
        case noSession = "no-session"
        case crossSite = "cross-site"
        case notRunning = "not-running"
        case refused
        case unavailable
        case failed
    }

    var code: Code
    /// What exactly, for whoever has to find it; shown to the person.
    var detail = ""

    static func badBody(_ detail: String) -> FrontendError { FrontendError(code: .badBody, detail: detail) }
    static let unsupportedType = FrontendError(code: .unsupportedType)
    static let noSession = FrontendError(code: .noSession)

    var status: HTTPResponse.Status {
        switch code {
        case .badBody: .badRequest
        case .unsupportedType: .unsupportedMediaType
        case .tooLarge: .contentTooLarge
        case .notFound, .noSession: .notFound
        case .crossSite: .forbidden
        case .notRunning, .refused: .conflict
        case .unavailable: .serviceUnavailable
        case .failed: .internalServerError
        }
    }
}
