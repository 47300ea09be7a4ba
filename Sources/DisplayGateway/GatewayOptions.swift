package import Certificates
package import Domain

/// What a display gateway needs to know. Nothing of it is a secret.
package struct GatewayOptions: Sendable {
    /// Directory whose names are tokens. Each is the VNC socket that the token opens.
    package var tokens: String
    /// Nil serves without TLS.
    package var certificate: CertificateFiles?
    package var origins: OriginRule
    /// Proxies that are believed what they say of whom they speak for.
    package var proxies: [IPNetwork]
    package var limits: GatewayLimits

    package init(
        tokens: String, certificate: CertificateFiles? = nil, origins: OriginRule = OriginRule(),
        proxies: [IPNetwork] = [], limits: GatewayLimits = GatewayLimits()
    ) {
        self.tokens = tokens
        self.certificate = certificate
        self.origins = origins
        self.proxies = proxies
        self.limits = limits
    }
}

/// How much strangers and viewers may have at one time.
package struct GatewayLimits: Sendable, Hashable {
    /// Connections in all. Each may need two descriptors.
    package var connections = 4096
    /// Viewers of one client address (of one /64 for IPv6): a whole school may be behind one.
    package var viewersPerAddress = 256
    /// Connections of one client address that have not shown a token yet. A further one takes the place of the oldest.
    package var strangersPerAddress = 64
    /// Viewers of one session.
    package var viewersPerSession = 32
    /// Bytes of a request's head.
    package var headBytes = 8192
    /// From the accept to the end of the request's head, with the handshake of TLS.
    package var headTime = Duration.seconds(10)
    /// Bytes of one WebSocket frame of a viewer. noVNC's have 10 KiB at most.
    package var frameBytes = 256 << 10
    /// Time between two pings. A viewer that has said nothing for three times as long is gone.
    package var pingInterval = Duration.seconds(30)

    package init() {}
}
