import Catalogue
import Processes

/// What each way of giving a guest its boot scripts adds to the start: the same click with and without a script, turn by turn.
enum ScriptsBenchmark {
    private static let runs = 9
    /// 4 KiB of script.
    private static let script =
        "#!/bin/sh\n" + String(repeating: "# a line of a script that does nothing at all\n", count: 90)
    private static let plain = "plain.iso"

    static func run(_ workspace: Workspace) async throws {
        // A disc has no disk into which a service could be put: that one has machines of its own.
        let ways = Injection.allCases.filter { ![.none, .firstboot].contains($0) }
        let file = "\(workspace.directory)/script.sh"
        try Files.write(script, to: file)
        var catalogue = "[\(Workspace.machineName)]\ntitle=GRUB\n"
        for (name, inject) in [(plain, Injection.none)] + ways.map({ (Self.machine($0), $0) }) {
            try Files.link("\(workspace.machines)/\(name)", to: Workspace.disc)
            catalogue += "[\(name)]\ntitle=\(name)\ninject=\(inject.rawValue)\n"
        }
        let obstacle = FirstBootBenchmark.obstacle
        if obstacle == nil { catalogue += try await FirstBootBenchmark.prepare(workspace) }
        try Files.write(catalogue, to: "\(workspace.machines)/machines.conf")
        let service = try await Service.start(
            workspace,
            settings: [
                // An exchange folder comes with a script of its own.
                "worker.stop_grace=0s", "exchange.limit_gib=0",
                "scripts.always=if(machine!=\(plain); machine!=\(Workspace.machineName); machine!=\(FirstBootBenchmark.plain)): \(file)",
            ])
        let client = SessionClient(service)
        var without = Samples()
        var with = ways.map { _ in Samples() }
        // The first turn brings programs and the disc into the page cache.
        for turn in 0...runs {
            let time = try await ClickBenchmark.click(client, machine: plain).frame
            if turn > 0 { without.add(time.milliseconds) }
            for (place, way) in ways.enumerated() {
                let time = try await ClickBenchmark.click(client, machine: machine(way)).frame
                if turn > 0 { with[place].add(time.milliseconds) }
            }
        }
        var firstBoot = FirstBootBenchmark()
        if obstacle == nil { try await firstBoot.run(client) }
        await service.stop()
        Figure.print("click_without_script", without.median, "ms", note: "\(runs) runs, \(without.range)")
        for (place, way) in ways.enumerated() {
            Figure.print(
                "script_by_\(way.rawValue)", with[place].median - without.median, "ms",
                note: "more until the first frame, 4 KiB of script; \(with[place].range)")
        }
        if let obstacle { QWDBench.say("script_by_firstboot is not measured: \(obstacle)") } else { firstBoot.print() }
    }

    private static func machine(_ way: Injection) -> String { "\(way.rawValue).iso" }
}
