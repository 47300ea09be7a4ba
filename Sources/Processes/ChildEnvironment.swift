import FoundationEssentials
package import Subprocess

extension Environment {
    /// Our environment without our own configuration, in which there may be a password (`QWD_REDIS_URL`).
    package static var forPrograms: Environment {
        .custom(
            Dictionary(
                uniqueKeysWithValues: ProcessInfo.processInfo.environment.compactMap { name, value in
                    name.hasPrefix("QWD_") ? nil : (Environment.Key(stringLiteral: name), value)
                }))
    }
}
