import HTTPTypes
import Hummingbird

extension Request {
    /// The value of a cookie that this browser sends.
    func cookie(_ name: String) -> String? {
        for header in headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let halves = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if halves.count == 2, halves[0] == name { return String(halves[1]) }
            }
        }
        return nil
    }
}

extension SiteURL {
    /// A `Set-Cookie` value: for this site alone, out of reach of scripts.
    /// - Parameter seconds: Its life; nil ends it with the browser, zero at once.
    func cookie(_ name: String, _ value: String, secure: Bool, seconds: Int? = nil) -> String {
        "\(name)=\(value); Path=\(base.isEmpty ? "/" : base); HttpOnly; SameSite=Lax"
            + (seconds.map { "; Max-Age=\($0)" } ?? "") + (secure ? "; Secure" : "")
    }
}
