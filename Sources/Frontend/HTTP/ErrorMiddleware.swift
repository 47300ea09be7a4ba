import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Queue
import Redis

/// Turns every error into a page, or JSON, that says what happened, where and what to do now.
///
/// It stands before what finds out who asks, and once more behind it, where pages can show who that is.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = FrontendContext

    let services: FrontendServices

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPParserError {
            // What came was no request after all, which only its body showed. The server answers 400 and closes.
            context.logger.debug("A request broke off", metadata: ["error": "\(error)"])
            throw error
        } catch {
            return try answer(to: Self.translate(error, logger: context.logger), request, context)
        }
    }

    // Not part of its caller, whose frame every request has.
    @inline(never)
    private func answer(to error: FrontendError, _ request: Request, _ context: Context) throws -> Response {
        var currentUser = context.currentUser
        currentUser.authenticationDisabled = services.signInService == nil
        let pages = services.pages.seen(by: currentUser, signInService: services.signInService)
        if error.code == .signInNeeded, !request.wantsJSON, request.method == .get {
            return .redirect(to: "\(pages.address.base)/sign-in?then=\(Pages.encode(error.detail))")
        }
        var response =
            request.wantsJSON
            ? try Response.json(pages.errorJSON(error, id: context.id), status: error.status)
            : Response.html(
                pages.error(
                    error, id: context.id, path: request.uri.path,
                    refresh: error.code == .unavailable && request.method == .get),
                status: error.status)
        if [.unavailable, .tooMuchAtOnce].contains(error.code) {
            response.headers[.retryAfter] = Self.retrySeconds
        }
        return response
    }

    static let retrySeconds = "5"

    /// What the person is told of an error; what an administrator needs of it is logged here.
    static func translate(_ error: any Error, logger: Logger) -> FrontendError {
        switch error {
        case let error as FrontendError:
            return error
        case let error as RedisError:
            logger.warning("The logins can't be reached", metadata: ["error": "\(error)"])
            return FrontendError(code: .unavailable)
        case let error as QueueError:
            switch error.code {
            case .unavailable:
                logger.warning("The queue does not answer", metadata: ["error": "\(error)"])
                return FrontendError(code: .unavailable)
            case .refused, .limit, .tooBig:
                return FrontendError(code: .refused, detail: error.detail)
            case .unexpected, .taken:
                logger.error("The queue answered something unknown", metadata: ["error": "\(error)"])
                return FrontendError(code: .failed)
            }
        case let error as HTTPError where error.status == .notFound:
            return FrontendError(code: .notFound)
        case is NIOTooManyBytesError:
            return FrontendError(code: .tooLarge)
        case is CancellationError, is ChannelError, is IOError:
            // The client has gone, or was ended, before its request was there.
            logger.debug("A request broke off", metadata: ["error": "\(error)"])
            return FrontendError(code: .badBody, detail: "the connection ended")
        default:
            logger.error("A request failed", metadata: ["error": "\(error)"])
            return FrontendError(code: .failed)
        }
    }
}
