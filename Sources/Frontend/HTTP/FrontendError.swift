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
        /// The form belongs to a login that is over, or to no page of ours.
        case staleForm = "stale-form"
        /// The browser has not sent back the cookie that forms need.
        case noCookie = "no-cookie"
        case signInNeeded = "sign-in-needed"
        case signInRefused = "sign-in-refused"
        case signInUndecided = "sign-in-undecided"
        case signInMisconfigured = "sign-in-misconfigured"
        case signInWithoutAddress = "sign-in-without-address"
        case signInOver = "sign-in-over"
        /// A second factor was set up under another spelling of the person's name.
        case otherSpelling = "other-spelling"
        case wrongCode = "wrong-code"
        case tooManyTries = "too-many-tries"
        case notAllowed = "not-allowed"
        /// One client has as many open at a time as it may.
        case tooMuchAtOnce = "too-much-at-once"
        case notSure = "not-sure"
        case unavailable
        case failed
    }

    var code: Code
    /// What exactly, for whoever has to find it; shown to the person.
    var detail = ""

    static func badBody(_ detail: String) -> FrontendError { FrontendError(code: .badBody, detail: detail) }
    static let unsupportedType = FrontendError(code: .unsupportedType)
    static let signInRefused = FrontendError(code: .signInRefused)
    static let signInUndecided = FrontendError(code: .signInUndecided)
    static let signInMisconfigured = FrontendError(code: .signInMisconfigured)
    static let signInWithoutAddress = FrontendError(code: .signInWithoutAddress)
    static let signInOver = FrontendError(code: .signInOver)
    static let wrongCode = FrontendError(code: .wrongCode)
    static let noSession = FrontendError(code: .noSession)

    var status: HTTPResponse.Status {
        switch code {
        case .badBody: .badRequest
        case .unsupportedType: .unsupportedMediaType
        case .tooLarge: .contentTooLarge
        case .notFound, .noSession: .notFound
        case .crossSite, .staleForm, .noCookie, .notAllowed, .signInWithoutAddress, .otherSpelling: .forbidden
        case .signInNeeded, .signInRefused, .signInOver, .wrongCode: .unauthorized
        case .signInUndecided, .signInMisconfigured: .serviceUnavailable
        case .tooManyTries, .tooMuchAtOnce: .tooManyRequests
        case .notSure: .unprocessableContent
        case .notRunning, .refused: .conflict
        case .unavailable: .serviceUnavailable
        case .failed: .internalServerError
        }
    }
}
