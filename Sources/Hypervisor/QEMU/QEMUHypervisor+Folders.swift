import Domain
import Logging
import Machines
import Processes

/// What serves a machine's folders, by their tags; nil for one that had ended before anybody looked.
typealias FolderServers = [String: ProcessHandle?]

extension QEMUHypervisor {
    /// Tells when what serves a folder ends before its machine. QEMU takes no other one in its place.
    func watchFolders(_ machine: LiveMachine) async {
        await withDiscardingTaskGroup { group in
            for (tag, server) in machine.folderServers {
                group.addTask {
                    guard await server?.waitForEnd() ?? true else { return }
                    // That of a machine which ends does so too.
                    if await machine.process.waitForEnd(limit: .seconds(1)) { return }
                    await self.folderIsLost(tag, machine)
                }
            }
        }
    }

    private func folderIsLost(_ tag: String, _ machine: LiveMachine) {
        guard !Task.isCancelled, let known = machines[machine.session], known.fence == machine.fence, !known.isStopping
        else { return }
        logger.error(
            "a file server has ended before its machine",
            metadata: [
                "session.id": "\(machine.session)", "folder": "\(tag)",
                "said": "\(machine.paths.lastWords(of: \.folderLog))",
            ])
        machines[machine.session]?.lostFolders.insert(tag)
        tellTrouble(of: machine.session)
    }

    /// Those of a machine that an earlier worker has started.
    func folderServers(of session: SessionID) -> FolderServers {
        let paths = paths.session(session)
        let servers = Files.names(in: paths.folderServers).map { tag in
            (tag, ProcessHandle(pidFile: paths.folderServer(tag), mark: FileServer.mark(session)))
        }
        return FolderServers(uniqueKeysWithValues: servers)
    }
}
