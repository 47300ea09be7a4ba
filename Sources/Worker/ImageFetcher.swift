import Catalogue
import Domain
package import ImageStore
import Synchronization

/// Takes images that this host lacks from the farm's store: each once, however many sessions wait for it.
package actor ImageFetcher {
    /// How far one is, and whoever waits for it.
    private final class Fetch: Sendable {
        private struct State {
            var waiting: [AsyncStream<String>.Continuation] = []
            var last = ""
            var result: Result<String, ImageStoreError>?
        }

        private let state = Mutex(State())

        var result: Result<String, ImageStoreError>? { state.withLock { $0.result } }

        /// What is being done, in words; it ends with the fetch.
        func news() -> AsyncStream<String> {
            let (stream, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
            state.withLock { state in
                if !state.last.isEmpty { continuation.yield(state.last) }
                if state.result == nil { state.waiting.append(continuation) } else { continuation.finish() }
            }
            return stream
        }

        func tell(_ words: String) {
            state.withLock { state in
                guard words != state.last else { return }
                state.last = words
                for waiter in state.waiting { waiter.yield(words) }
            }
        }

        func end(_ result: Result<String, ImageStoreError>) {
            state.withLock { state in
                state.result = result
                for waiter in state.waiting { waiter.finish() }
                state.waiting = []
            }
        }
    }

    /// Address or directory of the store.
    private let source: String
    private let images: ImageStore
    private var running: [String: Fetch] = [:]

    package init(source: String, images: ImageStore) {
        self.source = source
        self.images = images
    }

    /// Waits until a machine's image is here.
    /// - Parameter tell: Called with what is being done, at most twice a second.
    /// - Throws: Why it can't be had; a cancelled wait throws `.cancelled`, and the others go on.
    func fetch(_ machine: FetchableMachine, tell: (String) async -> Void) async throws(ImageStoreError) {
        let fetch = running[machine.name] ?? begin(machine)
        for await words in fetch.news() {
            await tell(words)
            // Each of its words is an event on a page.
            try? await Task.sleep(for: .milliseconds(500))
        }
        guard let result = fetch.result else { throw ImageStoreError(.cancelled, "It was cancelled.") }
        _ = try result.get()
    }

    private func begin(_ machine: FetchableMachine) -> Fetch {
        let fetch = Fetch()
        running[machine.name] = fetch
        // In a task of its own: whoever asked first may be stopped, and others wait for the same copy.
        Task {
            let result = await get(machine) { fetch.tell($0) }
            running[machine.name] = nil
            fetch.end(result)
        }
        return fetch
    }

    private func get(
        _ machine: FetchableMachine, _ tell: @escaping @Sendable (String) -> Void
    ) async -> Result<String, ImageStoreError> {
        let progress: ImageStore.Progress = { step, done, all in
            let share = all > 0 ? ", \(done * 100 / all) %" : ""
            tell("The machine's image is fetched from the store\(share) (\(step)).")
        }
        do throws(ImageStoreError) {
            let from = "\(source)/\(machine.file)"
            let path =
                source.contains("://")
                ? try await images.download(from, as: machine.file, sha256: machine.sha256, progress: progress)
                : try await images.add(from, as: machine.file, sha256: machine.sha256, progress: progress)
            return .success(path)
        } catch {
            return .failure(error)
        }
    }
}
