import Glibc
import Processes
import Testing

struct EnvironmentTests {
    @Test func `a program we start gets a short list of names from our environment, in which there may be a password`()
        async throws
    {
        setenv("QWD_REDIS_URL", "redis://:sesame@127.0.0.1", 1)
        setenv("QWDTEST_HELLO", "hello", 1)
        defer {
            unsetenv("QWD_REDIS_URL")
            unsetenv("QWDTEST_HELLO")
        }
        let output = try await ForegroundProcess.run(Program("env", package: "coreutils")).output
        #expect(!output.contains("QWD_REDIS_URL") && !output.contains("sesame"))
        #expect(!output.contains("QWDTEST_HELLO"))
        #expect(output.contains("PATH="))
    }
}
