import Domain
import NIOCore
import NIOHTTP1

/// Sees that a request is one of HTTP/1.1, or of HTTP/1.0, and tells its ``Connection`` where requests begin and end.
///
/// What is no request is an error of the parser for those who read them: they answer 400 and close the connection, after
/// the answers to the requests before it.
final class RequestHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let connection: Connection
    /// A malformed request has come, so nothing after it counts.
    private var isOver = false
    /// Of the requests that wait for their answer, which are of HTTP/1.0.
    private var old: CircularBuffer<Bool> = []
    /// Says to the page at the other end of an event stream, and to proxies between, that we live.
    private var heartbeat: RepeatedTask?
    /// A page says so when it has heard nothing for five seconds.
    private static let beatEvery = TimeAmount.seconds(3)
    private static let beat = ByteBuffer(string: "event: beat\ndata: 1\n\n")

    init(_ connection: Connection) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isOver { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard let request = RequestRules.accept(head) else {
                isOver = true
                context.fireErrorCaught(HTTPParserError.invalidHeaderToken)
                return
            }
            connection.headEnded()
            // Who waits with its body for our word may send it, unless answers to earlier requests are still to come.
            if head.version.minor == 1, old.isEmpty,
                head.headers["expect"].contains(where: { $0.lowercased() == "100-continue" })
            {
                let goOn = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(goOn)), promise: nil)
            }
            old.append(head.version.minor == 0)
            context.fireChannelRead(wrapInboundOut(.head(request)))
        case .end:
            connection.requestEnded()
            context.fireChannelRead(data)
        case .body:
            context.fireChannelRead(data)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isOver = true
        context.fireErrorCaught(error)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var data = data
        switch unwrapOutboundIn(data) {
        case .head(var head):
            let type = head.headers.first(name: "content-type")
            connection.answerBegan(isStream: type == "text/event-stream")
            if type == "text/event-stream", head.status == .ok { startBeating(context) }
            if old.first == true {
                // Without chunks, which HTTP/1.0 does not know; the end of the connection is the end of the answer.
                head.version = .http1_0
                head.headers.replaceOrAdd(name: "connection", value: "close")
                data = wrapOutboundOut(.head(head))
            }
        case .end:
            if !old.isEmpty { old.removeFirst() }
            heartbeat?.cancel()
            heartbeat = nil
            connection.answerEnded()
        case .body:
            break
        }
        context.write(data, promise: promise)
    }
}

extension RequestHandler {
    /// An event is written as a whole, so this comes between two of them. It costs no task, which thousands of streams would feel.
    private func startBeating(_ context: ChannelHandlerContext) {
        heartbeat?.cancel()
        let first = TimeAmount.milliseconds(.random(in: 500...3000))
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        heartbeat = context.eventLoop.scheduleRepeatedTask(initialDelay: first, delay: Self.beatEvery) { _ in
            let (handler, context) = bound.value
            // Who takes nothing hears nothing.
            guard context.channel.isWritable else { return }
            context.writeAndFlush(handler.wrapOutboundOut(.body(.byteBuffer(Self.beat))), promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        heartbeat?.cancel()
        heartbeat = nil
    }
}

/// What makes a head one that we read.
enum RequestRules {
    /// What may be asked without saying which host is meant, as old health checks do.
    static let hostless = ["/healthz", "/readyz"]

    /// The head with its target in origin form (RFC 9112 3.2.1), or nil if it is malformed.
    static func accept(_ head: HTTPRequestHead) -> HTTPRequestHead? {
        var head = head
        let hosts = head.headers["host"]
        switch (head.version.major, head.version.minor) {
        case (1, 1): guard hosts.count == 1 else { return nil }
        case (1, 0):
            // There is a way to go on, but no rule that everybody follows.
            head.headers.replaceOrAdd(name: "connection", value: "close")
            guard hosts.count < 2 else { return nil }
        default: return nil
        }
        if let host = hosts.first, Authority(host) == nil { return nil }
        if !head.uri.hasPrefix("/"), head.uri != "*" {
            // Then it is the target that says the host (RFC 9112 3.2.2). We want them to agree.
            guard let (authority, path) = parts(of: head.uri), let host = hosts.first,
                authority.lowercased() == host.lowercased()
            else { return nil }
            head.uri = path
        }
        if hosts.isEmpty {
            let path = head.uri.prefix { $0 != "?" }
            // Some proxies ask by OPTIONS whether a server lives.
            let isCheck =
                head.method == .OPTIONS || [.GET, .HEAD].contains(head.method) && hostless.contains(String(path))
            guard isCheck else { return nil }
        }
        return head
    }

    /// Authority and path of an absolute target.
    private static func parts(of target: String) -> (authority: String, path: String)? {
        let bytes = Array(target.utf8)
        for scheme in ["http://", "https://"] where target.lowercased().utf8.starts(with: scheme.utf8) {
            let rest = bytes.dropFirst(scheme.utf8.count)
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            let authority = String(decoding: rest[..<end], as: UTF8.self)
            let path = String(decoding: rest[end...], as: UTF8.self)
            return (authority, path.hasPrefix("/") ? path : "/" + path)
        }
        return nil
    }
}
