import Accounts
import Domain
import Logins

extension Pages {
    /// - Parameter then: A path to go to afterwards.
    func signIn(user: String = "", problem: FrontendError? = nil, then: String?) -> String {
        var model: Templates.Model = ["user": user, "then": then ?? "", "mailsCodes": mailsCodes]
        if let problem {
            let key = "error.\(problem.code.rawValue)"
            model["problem"] = [
                "title": texts("\(key).title"), "what": texts("\(key).what"), "detail": problem.detail,
                "now": texts("\(key).now"),
            ]
        }
        return render("sign-in", model)
    }

    /// The page that asks for a code.
    /// - Parameter challenge: Nil where this browser did not begin: what a mailed link carries may still help.
    func code(
        _ challenge: Challenge?, signInService: SignInService, isWrong: Bool = false, then: String? = nil
    ) -> String {
        var model: Templates.Model = [
            "then": then ?? "", "begun": challenge != nil,
            "ask": texts("code.ask.\(challenge?.kind.rawValue ?? "other")"),
            "isWrong": isWrong, "left": texts.count("code.left", challenge?.triesLeft ?? 0),
        ]
        if let challenge, let app = signInService.enrolment(challenge) {
            let url = app.url(issuer: texts("product"), account: challenge.person.name.text).revealed
            model["enrolment"] = true
            model["appSecret"] = Self.grouped(app.base32.revealed)
            if let code = QRCode(url) {
                model["qrBox"] = code.width + 8
                model["qrPath"] = code.path
            }
        }
        return render("code", model)
    }

    func recoveryCodes(_ codes: [Secret], next: String) -> String {
        render("recovery", ["codes": codes.map(\.revealed), "next": next])
    }

    func account(_ login: Login, logins: [Login], secondFactor: SecondFactor?) -> String {
        var model: Templates.Model = [
            "name": login.person.name.text, "email": login.person.email ?? "",
            "logins": logins.map { other -> Templates.Model in
                var row: Templates.Model = [
                    "from": other.from, "since": HTML.time(other.createdAt), "seen": HTML.time(other.seenAt),
                ]
                if other.id == login.id { row["here"] = texts("account.here") }
                return row
            },
        ]
        if currentUser.isAdmin { model["role"] = texts("account.admin") }
        if let secondFactor {
            model["factor"] = texts.count("account.recovery", secondFactor.recoveryCodesLeft)
        }
        return render("account", model)
    }

    /// In groups of four, to be typed.
    private static func grouped(_ text: String) -> String {
        var grouped = ""
        for (place, character) in text.enumerated() {
            if place > 0, place.isMultiple(of: 4) { grouped += " " }
            grouped.append(character)
        }
        return grouped
    }
}
