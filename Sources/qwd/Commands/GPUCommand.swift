import ArgumentParser
import GraphicsCards
import Processes
import Settings

/// Looks at this host's graphics cards, sets them aside for guests, and takes them back.
struct GPUCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gpu", abstract: "Show graphics cards, set them aside for guests and take them back.",
        subcommands: [List.self, Bind.self, Unbind.self])

    /// What was changed is kept there.
    fileprivate static func record(_ settings: Settings) -> String { "\(settings.stateDir)/graphics-cards.json" }

    fileprivate static func binding(_ settings: Settings) throws -> CardBinding {
        CardBinding(record: record(settings), blockList: try CardBlockList(settings.gpu.block))
    }

    fileprivate static func address(_ text: String) throws -> PCIAddress {
        if let address = PCIAddress(text) { return address }
        throw Failure(.usage, "“\(text)” is no PCI address, such as 0000:01:00.0. qwd gpu list shows them.")
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show this host's graphics cards, and what keeps guests from each.")
        @OptionGroup var common: CommonOptions
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let settings = try common.settings()
            let inventory = try settings.cards().run()
            if json { return try Console.printJSON(GPUReport(inventory)) }
            GPUReport(inventory).print()
        }
    }

    struct Bind: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set a graphics card aside for guests, now and at each start of this host.",
            discussion: "Shows what it would change. With --yes it does so, one after the other; unbind takes it back.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Its PCI address, such as 0000:01:00.0.") var address: String
        @Option(help: "The group of this host that may use it.") var group = "kvm"
        @Flag(help: "Also if this host uses it itself, or something else goes with it.") var force = false
        @Flag(help: "Leave the kernel's command line as it is.") var noBootParameters = false
        @Flag(help: "Do it.") var yes = false

        func run() async throws {
            let settings = try common.settings()
            let place = try GPUCommand.address(address)
            try await GPUCommand.carryOut(settings, yes: yes) { binding throws(GraphicsCardsError) in
                try binding.planBind(place, userGroup: group, force: force, bootParameters: !noBootParameters)
            }
        }
    }

    struct Unbind: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a graphics card back to this host, and restore what bind has changed.",
            discussion: "Shows what it would change. With --yes it does so.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Its PCI address.") var address: String
        @Option(help: "A file that somebody has changed since and that stays as it is. May be given again.")
        var leave: [String] = []
        @Flag(help: "Do it.") var yes = false

        func run() async throws {
            let settings = try common.settings()
            let place = try GPUCommand.address(address)
            try await GPUCommand.carryOut(settings, yes: yes) { binding throws(GraphicsCardsError) in
                try binding.planUnbind(place, leaving: Set(leave))
            }
        }
    }
}

extension GPUCommand {
    /// Longest time of one program: to make an initial RAM disk takes a minute or two.
    private static let limit = Duration.seconds(600)

    /// Where Debian has the programs.
    private static let packages = [
        "update-initramfs": "initramfs-tools", "update-grub": "grub2-common", "udevadm": "udev", "modprobe": "kmod",
    ]

    /// Shows a plan, and does it if that was asked for.
    fileprivate static func carryOut(
        _ settings: Settings, yes: Bool, plan: (CardBinding) throws(GraphicsCardsError) -> BindPlan
    ) async throws {
        do {
            let binding = try binding(settings)
            let plan = try plan(binding)
            guard yes else {
                for line in plan.lines { Console.print(line) }
                return Console.say("Nothing was changed. To do this: the same with --yes.")
            }
            try await binding.apply(
                plan, tell: { Console.print($0) },
                run: { words in
                    let program = Program(words[0], Array(words.dropFirst()), package: packages[words[0]] ?? words[0])
                    let result = try await ForegroundProcess.run(program, limit: limit)
                    guard result.isSuccess else { throw ProcessError(.ended, "\(words[0]) failed: \(result.message)") }
                })
        } catch let error as GraphicsCardsError {
            throw Failure(error.code == .malformed ? .usage : .failed, error.detail)
        }
    }
}

extension Settings {
    /// How graphics cards are found.
    func cards() throws -> CardDiscovery {
        var discovery = CardDiscovery()
        discovery.sysfs = gpu.sysfs
        do {
            discovery.blockList = try CardBlockList(gpu.block)
        } catch {
            throw Failure(.badConfiguration, error.detail)
        }
        return discovery
    }
}
