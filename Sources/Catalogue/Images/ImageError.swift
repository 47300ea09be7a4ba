/// Why a machine's file can't be used.
package struct ImageError: Error, Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// The file's bytes tell it: it stays so until the file changes.
        case verdict
        /// There is no such file.
        case missing
        /// Somebody writes to the file; it may be good when that is over.
        case beingWritten
        /// The file could not be looked at for a reason of this host. It says nothing about the file.
        case unknown
    }

    var problem: String
    /// The way out.
    var advice: String
    package var kind: Kind

    init(_ problem: String, _ advice: String, kind: Kind = .verdict) {
        self.problem = problem
        self.advice = advice
        self.kind = kind
    }

    /// Both, for a person.
    package var text: String { "\(problem). \(advice)" }

    static let again = "Get or copy it again."
    static let flatten = "Make one file of it where it comes from: qemu-img convert -O qcow2 OLD NEW.qcow2"

    static let basedOnAnother = ImageError("it is based on another file", flatten)
    static let dataElsewhere = ImageError("its data is in other files", flatten)
    /// The plain conversion would leave it out as well.
    static let endUnseen = ImageError(
        "its end would be cut off: QEMU takes its size from cylinders, heads and sectors, which are fewer than it has",
        "Convert it with its true size: qemu-img convert --image-opts "
            + "driver=vpc,file.filename=OLD,force_size_calc=current_size -O qcow2 NEW.qcow2")
    static let encrypted = ImageError(
        "it is encrypted", "Decrypt it where its key is: qemu-img convert to a disk without a key.")

    static func cutOff(_ file: ImageFile) -> ImageError {
        ImageError("it was cut off: \(file.size) bytes are not all of it", again)
    }

    static func damaged(_ what: String) -> ImageError {
        ImageError("its \(what) is damaged", again)
    }

    /// It uses something of its format that is not known here, and what that means is not known either.
    static func unknown(_ what: String) -> ImageError {
        ImageError("it has \(what), which is not known here", "Convert it: qemu-img convert -O qcow2 OLD NEW.qcow2")
    }

    static let beingWritten = ImageError(
        "it is open for writing: a copy or a download in progress, or a machine that runs from it",
        "It is offered as soon as that is over.", kind: .beingWritten)

    /// It keeps what is known of it, so it is offered as before; the queue lets nobody have it meanwhile.
    static let beingWorkedOn = ImageError(
        "an administrator works on it (qwd start --use-master)", "It is offered when that session has ended.",
        kind: .unknown)

    static let notClosed = ImageError(
        "it was not closed after the last writing", "End what uses it, then: qemu-img check -r all FILE")
}
