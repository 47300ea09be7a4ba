import CPAM
import Domain
import Glibc

/// Answers what PAM modules ask: the password where nothing is echoed, the user's name where it is, and nothing else.
final class PAMConversation {
    private let credentials: Credentials

    init(_ credentials: Credentials) {
        self.credentials = credentials
    }

    /// Called by libpam, which frees what it gets.
    static let converse:
        @convention(c) (
            CInt, UnsafeMutablePointer<UnsafePointer<pam_message>?>?,
            UnsafeMutablePointer<UnsafeMutablePointer<pam_response>?>?, UnsafeMutableRawPointer?
        ) -> CInt = { count, messages, responses, data in
            guard let messages, let responses, let data, (1...PAM_MAX_NUM_MSG).contains(count) else {
                return PAM_CONV_ERR
            }
            let answers = Unmanaged<PAMConversation>.fromOpaque(data).takeUnretainedValue()
            let styles = (0..<Int(count)).map { messages[$0]?.pointee.msg_style ?? 0 }
            let known = [PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_ON, PAM_ERROR_MSG, PAM_TEXT_INFO]
            guard styles.allSatisfy(known.contains),
                let memory = calloc(Int(count), MemoryLayout<pam_response>.stride)
            else { return PAM_CONV_ERR }
            let replies = memory.bindMemory(to: pam_response.self, capacity: Int(count))
            for (index, style) in styles.enumerated() {
                replies[index].resp = answers.text(for: style).map { strdup($0) } ?? nil
            }
            responses.pointee = replies
            return PAM_SUCCESS
        }

    private func text(for style: CInt) -> String? {
        switch style {
        case PAM_PROMPT_ECHO_OFF: credentials.password.revealed
        case PAM_PROMPT_ECHO_ON: credentials.user
        default: nil
        }
    }
}
