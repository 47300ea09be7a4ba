import Catalogue
import Display
import Domain
import Glibc
import Hypervisor
import Logging
import Machines
import Queue

extension Worker {
    /// Renews the leases and tells how the host is, every third of a lease, until cancelled.
    func beat() async {
        while !Task.isCancelled {
            await beatOnce()
            // Heartbeats go by time: there is no event to wait for.
            try? await Task.sleep(for: options.lease / 3)
        }
    }

    func beatOnce() async {
        do throws(QueueError) {
            if await table.isTaken, try await !arrivesAgain() { return }
            try await renewLeases()
            let placed = try await tellHost()
            await notice(placed, living: Set(await hypervisor.living()))
            try await tellStrays()
            await reconcile(placed)
        } catch {
            if error.code == .taken { await table.take(true) }
            logger.warning("heartbeat failed", metadata: ["error": "\(error)"])
        }
    }

    /// Looks after the machines with each heartbeat, but beside it: QEMU may not answer, or a disk may hang.
    func tend() async {
        while !Task.isCancelled {
            await hypervisor.checkUp()
            await resumeAgain()
            try? await Task.sleep(for: options.lease / 3)
        }
    }

    /// Lets the guests stand still while the disk is nearly full, before something fails that is needed to end them.
    func watchDisk() async {
        while !Task.isCancelled {
            await meter.lookAtDisk(within: .seconds(1))
            let space = await meter.space
            let reserve = DiskReserve(total: space.total, reserveMiB: options.diskReserveMiB)
            if space.total > 0, space.free < reserve.pause {
                await hypervisor.pauseForSpace()
            } else if space.free >= reserve.goOn {
                await hypervisor.goOnWithSpace()
            }
            // No event tells how full a file system is. One of some guests that write fast is looked at more often.
            try? await Task.sleep(for: space.free < 4 * reserve.pause ? .milliseconds(100) : .seconds(1))
        }
    }

    /// Offers the machines and looks at their files, with each heartbeat, but beside it: a disk that hangs must
    /// cost no lease.
    func keepOffering() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: options.lease / 3)
            await offer()
        }
    }

    func offer() async {
        do throws(QueueError) {
            try await offerMachines()
        } catch {
            logger.warning("machines not offered", metadata: ["error": "\(error)"])
        }
    }

    private func renewLeases() async throws(QueueError) {
        let claims = await table.claims
        for (claim, answer) in zip(claims, try await queue.renew(claims, lease: options.lease)) where answer != .ok {
            await table.abort(claim)
        }
    }

    /// Publishes the catalogue if it changed since the last time.
    private func offerMachines() async throws(QueueError) {
        let catalogue = await catalogue()
        for warning in await meter.newWarnings(catalogue.warnings.map(\.description)) {
            logger.warning("machine not offered", metadata: ["problem": "\(warning)"])
        }
        let offer = HostReport.Offer(
            machines: catalogue.offers, unlisted: catalogue.unlisted.map(\.name))
        // The queue forgets what a host offers with the host, or with all its data.
        let isKnown = try await queue.hasOffer(of: options.hostID)
        guard await meter.hasChanged(offer) || !isKnown else { return }
        try await queue.offer(
            offer.machines, unlisted: offer.unlisted, tags: options.tags, host: options.hostID)
        await meter.offered(offer)
    }

    private func tellHost() async throws(QueueError) -> [PlacedSession] {
        var status = await meter.status(
            options: options, accelerator: hypervisor.accelerator, displayURL: bridge.baseURL, problem: await problem(),
            graphicsCards: await hypervisor.graphicsCards)
        status.place = options.place.id
        let living = Set(await hypervisor.living())
        let strays = await table.strays
        let lead = try await queue.clockLead(now: time(nil))
        let notices = [
            status.notice,
            strays.isEmpty
                ? "" : "Machines here that belong to no session: \(strays.count). 'qwd host strays' shows them.",
            Self.notice(ofLead: lead) ?? "",
        ]
        status.notice = notices.filter { !$0.isEmpty }.joined(separator: " ")
        // They take their part of the host, whoever's they are.
        for stray in strays where living.contains(stray.ref.session) {
            guard let taken = stray.record?.request.resources else { continue }
            for resource in Resource.allCases {
                status.capacity[resource] = max(0, status.capacity[resource] - taken[resource])
            }
        }
        return try await queue.hostUp(
            options.hostID, status: status, living: hypervisor.living(), lease: options.lease, clock: .now())
    }

    /// What is to be said of a clock that goes wrong. Nothing of the queue goes by it, but certificates, logs and people do.
    /// - Parameter lead: By how many seconds it is ahead of Redis'.
    static func notice(ofLead lead: Int?) -> String? {
        // A busy host answers late by less.
        guard let lead, abs(lead) > 10 else { return nil }
        return
            "The clock of this host is \(abs(lead)) s \(lead > 0 ? "ahead of" : "behind") that of Redis' host: set them by NTP."
    }

    /// Ends the sessions that the queue places here and that do not live here, and the machines that live here of sessions
    /// that have ended, unless somebody is busy with them.
    func reconcile(_ placed: [PlacedSession]) async {
        let living = Set(await hypervisor.living())
        for session in placed where living.contains(session.id) == (session.state == .ended) {
            guard let state = session.state else { continue }
            if await table.isBusy(session.id) { continue }
            if state == .ended {
                logger.notice(
                    "ending the machine of a session that was given up", metadata: ["session.id": "\(session.id)"])
                // Not here: a heartbeat must not wait for a process that hangs.
                await table.addPendingCleanup(MachineRef(session.id, fence: session.fence))
                continue
            }
            await ended(
                session.id, fence: session.fence, .lost,
                "Its machine is not on \(options.host) any more; the host may have been restarted.")
        }
    }
}
