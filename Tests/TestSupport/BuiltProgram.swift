import Foundation
import Processes

/// The `qwd` that was built beside these tests.
package let builtProgram = Files.directory(of: Program.ourselves) + "/qwd"

/// The environment of the built program with a runtime directory of its own. Without one, the file of a service that the same user
/// runs beside the tests would count.
package func programEnvironment(runtime: String) -> [String: String] {
    ProcessInfo.processInfo.environment.merging(["RUNTIME_DIRECTORY": runtime]) { $1 }
}
