import Catalogue
import Processes

/// Makes a qcow2 of an image of another format, by a qemu-img that is shut in.
enum Conversion {
    /// Hours for a disk of some terabytes.
    private static let limit = Duration.seconds(6 * 3600)

    /// - Parameters:
    ///   - most: Bytes that the new file may have.
    static func run(_ source: String, _ image: DiskImage, into target: String, most: Int) async throws(ImageStoreError)
    {
        var sandbox = Sandbox()
        sandbox.readOnly = [Sandbox.Mount(source, at: "/from")]
        sandbox.writable = [Sandbox.Mount(target, at: "/to")]
        sandbox.dropsRights = true
        var program = Program(
            "qemu-img", ["convert", "-f", image.driver.rawValue, "-O", "qcow2", "/from", "/to"], package: "qemu-utils")
        program.sandbox = sandbox
        program.fileBytes = most
        let result: ForegroundProcess.Result
        do {
            try Files.write("", to: target)
            result = try await ForegroundProcess.run(program, limit: limit)
        } catch {
            throw ImageStoreError(Task.isCancelled ? .cancelled : .system, "It was not converted: \(error)")
        }
        if result.isSuccess { return }
        let isFull = ["No space left", "File too large"].contains { result.message.contains($0) }
        throw ImageStoreError(
            isFull ? .noSpace : .badImage,
            isFull
                ? "There is no room for it as qcow2: only \(most >> 20) MiB may be used. Free some, or add it as it is."
                : "It can't be converted: \(result.message)")
    }
}
