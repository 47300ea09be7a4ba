@testable import ImageBuilder
import Testing

@Suite struct `Progress of mmdebstrap` {
    private static let log = [
        "I: running apt-get update...",
        "Get:1 http://deb.debian.org/debian bookworm InRelease [151 kB]",
        "I: downloading packages with apt...",
        "0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.",
        "Get:1 http://deb.debian.org/debian bookworm/main amd64 libc6 amd64 2.36 [2755 kB]",
        "Get:2 http://deb.debian.org/debian bookworm/main amd64 bash amd64 5.2 [1491 kB]",
        "I: extracting archives...",
        "I: installing essential packages...",
        "Unpacking libc6 (2.36) ...", "Setting up libc6 (2.36) ...", "Unpacking bash (5.2) ...",
        "Setting up bash (5.2) ...",
        "I: installing remaining packages inside the chroot...",
        "0 upgraded, 4 newly installed, 0 to remove and 0 not upgraded.",
        "Get:1 http://deb.debian.org/debian bookworm/main amd64 xterm amd64 379 [816 kB]",
        "Unpacking xterm (379) ...", "Setting up xterm (379) ...", "Unpacking jwm (2.4.3) ...",
        "Processing triggers for libc-bin (2.36) ...",
    ]

    private static func read(_ log: [String]) -> [BuildProgress] {
        var follower = DebootstrapProgress()
        return log.compactMap { follower.read($0) }
    }

    @Test func `follows what apt and dpkg say`() {
        let progress = Self.read(Self.log)
        #expect(
            progress.map(\.step).reduce(into: []) { steps, step in if steps.last != step { steps.append(step) } } == [
                "Fetching the package lists", "Downloading packages", "Installing the base system",
                "Downloading the desktop's packages", "Installing the desktop's packages",
            ])
        #expect(progress.last?.count == "1 of 4")
    }

    @Test func `never goes back`() {
        let fractions = Self.read(Self.log).map(\.fraction)
        #expect(fractions == fractions.sorted())
        #expect(fractions.allSatisfy { (0...1).contains($0) })
    }

    @Test func `more packages than were counted do not run over the step`() {
        let many = Self.read(Self.log + [String](repeating: "Setting up more (1) ...", count: 20))
        #expect(many.last?.count == "4 of 4")
        #expect((many.last?.fraction ?? 1) < BuildStep.kernel.progress().fraction)
    }
}

@Suite struct `The steps of a build` {
    @Test func `follow one another from 0 to 1`() throws {
        let steps = BuildStep.allCases
        #expect(steps.first?.progress().fraction == 0)
        #expect(steps.last?.progress(1).fraction == 1)
        for (step, next) in zip(steps, steps.dropFirst()) {
            #expect(abs(step.progress(1).fraction - next.progress(0).fraction) < 1e-9)
            #expect(step.progress(0).fraction < step.progress(0.5).fraction)
        }
    }

    @Test(arguments: [("dlstatus:1:45.20:Retrieving file 1 of 1", 0.452), ("dlstatus:1:100:Done", 1.0)])
    func `read apt's status lines`(line: String, part: Double) {
        #expect(ImagePipeline.part(ofStatus: line) == part)
        #expect(ImagePipeline.part(ofStatus: "Get:1 http://deb.debian.org") == nil)
    }

    @Test func `read qemu-img's percentages`() {
        #expect(ImagePipeline.part(ofConversion: "    (45.20/100%)") == 0.452)
        #expect(ImagePipeline.part(ofConversion: "    (100.00/100%)") == 1)
        #expect(ImagePipeline.part(ofConversion: "qemu-img: error") == nil)
    }
}

@Suite struct `The progress bar` {
    private static let progress = BuildProgress(step: "Downloading packages", count: "34 of 192", fraction: 0.25)

    @Test(arguments: [0, 1, 5, 20, 35, 40, 60, 79, 119, 300])
    func `never is wider than the terminal`(width: Int) {
        #expect(ProgressBar.line(Self.progress, width: width).count <= width)
    }

    @Test func `shows words, bar and percentage`() {
        let line = ProgressBar.line(Self.progress, width: 119)
        #expect(line.hasPrefix("Downloading packages (34 of 192) "))
        #expect(line.hasSuffix(" 25%"))
        #expect(line.filter { $0 == "█" }.count == 10)
        #expect(line.filter { $0 == "░" }.count == 30)
    }

    @Test func `keeps words and percentage on a narrow terminal`() {
        let line = ProgressBar.line(Self.progress, width: 50)
        #expect(line.contains("34 of 192"))
        #expect(line.hasSuffix("25%"))
        #expect(!line.contains("█"))
    }

    @Test(arguments: [0.0, 1.0]) func `is empty at 0 and full at 1`(fraction: Double) {
        let line = ProgressBar.line(BuildProgress(step: "Done", fraction: fraction), width: 119)
        #expect(line.filter { $0 == "█" }.count == Int(40 * fraction))
    }
}
