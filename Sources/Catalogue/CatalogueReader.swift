import Domain
import Dispatch
import Synchronization

/// Reads a catalogue again and again. What can't be read for a moment, for want of a descriptor or because a disk does not
/// answer, keeps its last value.
package final class CatalogueReader: Sendable {
    private struct State {
        var texts: [String: CatalogueText] = [:]
        var names: [String] = []
        /// The sections as they were when nothing was wrong with them, by name.
        var good: [String: CatalogueSection] = [:]
        var last: Catalogue?
        /// Whether a reading will begin that has not begun yet.
        var isDue = false
        var waiting: [AsyncStream<Void>.Continuation] = []
    }

    let files: [String]
    let directory: String
    let index: ImageIndex
    /// Whether what is not here may be had from a store.
    let hasStore: Bool
    private let reading = DispatchQueue(label: "catalogue")
    private let state = Mutex(State())

    /// - Parameter isSessions: Whether a session of this host writes to a file of the catalogue.
    package convenience init(
        files: [String], directory: String, hasStore: Bool = false,
        isSessions: @escaping @Sendable (_ path: String) -> Bool = { _ in false }
    ) {
        self.init(
            files: files, directory: directory, index: ImageIndex(isSessions: isSessions), hasStore: hasStore)
    }

    init(files: [String], directory: String, index: ImageIndex, hasStore: Bool = false) {
        self.hasStore = hasStore
        self.files = files
        self.directory = directory
        self.index = index
    }

    /// The catalogue as it is at the moment, or as it was when it could last be read.
    /// - Parameter limit: Longest wait. The reading goes on after it, for the next caller.
    package func current(within limit: Duration) async -> Catalogue {
        let (results, report) = AsyncStream.makeStream(of: Void.self)
        let isFirst = state.withLock { state in
            state.waiting.append(report)
            defer { state.isDue = true }
            return !state.isDue
        }
        if isFirst {
            // The reading has a thread of its own, because it waits for the disk. One that runs already may have passed what
            // was changed since.
            reading.async { [self] in
                let waiting = state.withLock { state in
                    state.isDue = false
                    defer { state.waiting = [] }
                    return state.waiting
                }
                let catalogue = load()
                state.withLock { $0.last = catalogue }
                for report in waiting {
                    report.yield()
                    report.finish()
                }
            }
        }
        let isFresh = await results.first(within: limit) != nil
        var catalogue = state.withLock { $0.last } ?? Catalogue(machines: [])
        // Who was told to end has not waited for the disk.
        if !isFresh, !Task.isCancelled {
            catalogue.warnings.append(
                CatalogueWarning(
                    file: directory, line: nil, machine: nil, problem: "the machines directory does not answer",
                    advice: "What was known before is offered. Check its disk or network."))
        }
        return catalogue
    }

    /// Reads the catalogue. Blocks as long as its disk does.
    /// - Parameter limit: For all files together that were not looked at yet.
    func load(within limit: DispatchTimeInterval = .seconds(2)) -> Catalogue {
        var sections = CatalogueSections(files: files.map { ($0, text(of: $0)) })
        let located = sections.located(in: directory)
        let earlier = state.withLock { $0.good }
        let others = names()
        let files = (located.map(\.section) + earlier.values).flatMap { section in
            [section.path(in: directory)].compactMap(\.self) + section.attachments(in: directory).map(\.path)
        }
        let verdicts = index.look(
            at: Set(files).union(others.map { "\(directory)/\($0)" }), within: limit)
        func verdict(_ path: String) -> ImageIndex.Verdict { verdicts[path] ?? .failure(ImageIndex.beingLookedAt) }
        func resolve(_ section: CatalogueSection, _ path: String) -> ResolvedMachine {
            ResolvedMachine(section: section, path: path, directory: directory, verdict: verdict)
        }

        var catalogue = Catalogue(machines: [], warnings: sections.warnings)
        var named = Set(self.files)
        for (order, (section, path)) in located.enumerated() {
            named.formUnion([path] + section.attachments(in: directory).map(\.path))
            if hasStore, case .failure(let problem) = verdict(path), problem.kind == .missing,
                var fetchable = FetchableMachine(section: section, path: path, directory: directory)
            {
                fetchable.published.order = order
                catalogue.fetchable.append(fetchable)
                continue
            }
            let offer = resolve(section, path)
            catalogue.warnings += offer.warnings
            var machine = offer.machine
            if offer.isRead, !offer.isSectionWrong {
                state.withLock { $0.good[section.name] = section }
            } else if offer.isSectionWrong, !offer.isAccessWrong, let known = earlier[section.name],
                let path = known.path(in: directory)
            {
                // A slip of the pen takes nobody's machine away.
                machine = resolve(known, path).machine ?? machine
            }
            if var machine {
                machine.order = order
                catalogue.machines.append(machine)
            }
        }
        state.withLock { state in
            let names = Set(located.map(\.section.name))
            state.good = state.good.filter { names.contains($0.key) }
        }
        let listed = Set(sections.all.map(\.name))
        for name in others where !named.contains("\(directory)/\(name)") {
            let path = "\(directory)/\(name)"
            catalogue.leftovers.append(UnlistedFile(name: name, verdict: verdict(path)))
            // A section of this name has another file.
            guard Machine.isValid(name: name), !listed.contains(name), case .success(let image) = verdict(path),
                image.kind == .iso, let image = try? image.resolved(stated: nil, path: path)
            else { continue }
            catalogue.unlisted.append(Machine(name: name, path: path, image: image))
        }
        return catalogue
    }

    private func text(of file: String) -> CatalogueText {
        let text = CatalogueText(file: file)
        return state.withLock { state in
            if case .passing = text, let known = state.texts[file] { return known }
            state.texts[file] = text
            return text
        }
    }

    private func names() -> [String] {
        let names = DirectoryListing.names(in: directory)
        return state.withLock { state in
            if let names { state.names = names }
            return state.names
        }
    }
}
