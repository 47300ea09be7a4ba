import Domain
import Logins

/// A posted form that is in order: what to enqueue.
struct CreateRequest: Sendable, Equatable {
    var request: SessionRequest
    /// Names this filling-in of the form, so that a double click or a reload makes one session.
    var nonce: String?

    /// Something is wrong with a field.
    struct Problem: Error, Sendable, Hashable {
        var field: CreateForm.Field
        var message: String
    }

    /// What the person gives the session's boot scripts.
    var payload: BootScriptPayload

    /// Every problem of a form, in the order of the page.
    struct Problems: Error, Sendable, Hashable {
        var list: [Problem]
    }
}

extension CreateRequest {
    static let guest: PersonName = "guest"

    /// Checks all fields and names everything that is wrong at once.
    init(fields: FormFields, offer: AvailableMachines, options: FrontendOptions, texts: Texts, currentUser: CurrentUser)
        throws(Problems)
    {
        var reader = FieldReader(fields: fields, texts: texts)
        let machine = reader.machine(of: offer, default: options.defaultMachine)
        let mostCPU = min(largest(options.cpuChoices, options.defaultCPU), machine?.cpuMax ?? .max)
        let cpu = reader.number(.cpu, default: min(options.defaultCPU, mostCPU), in: 1...mostCPU)
        let mostMemory = min(
            largest(options.memoryChoicesMiB, options.defaultMemoryMiB), max(64, machine?.memoryMaxMiB ?? .max))
        let memory = reader.memory(default: min(options.defaultMemoryMiB, mostMemory), in: 64...mostMemory)
        let longest =
            options.limits.lifetimeSeconds > 0
            ? options.limits.lifetimeSeconds : largest(options.lifetimeChoices, options.defaultLifetimeSeconds)
        let lifetime = reader.lifetime(
            default: options.defaultLifetimeSeconds,
            choices: options.lifetimeChoices + [options.defaultLifetimeSeconds],
            most: longest)
        let oneShot = reader.truth(.oneshot)
        // Who is signed in, or signs in by this form, has a name already.
        let user = currentUser.authenticationDisabled ? reader.user(nobody: Self.guest) : Self.guest
        reader.password()
        var gpu = false
        if offer.largestGPU > 0, machine?.gpu != 0 { gpu = reader.truth(.gpu) } else { reader.refuse(.gpu) }
        let withoutFolders = reader.truth(.withoutFolders)
        payload = BootScriptPayload()
        if currentUser.mayGiveScript(options.scriptsFromForm) {
            payload.script = reader.script(longest: options.longestScript)
        } else {
            reader.refuse(.script)
        }
        if options.asksScriptPassword {
            payload.password = reader.scriptPassword()
        } else {
            reader.refuse(.scriptPassword)
        }
        let nonce = reader.nonce()
        guard reader.problems.isEmpty else { throw Problems(list: reader.problems) }
        request = SessionRequest(
            owner: user, machine: machine?.name ?? "",
            // A machine that says what it needs gets it, whatever the form's default is.
            resources: Resources(
                cpu: max(cpu, machine?.cpu ?? 0), memoryMiB: max(memory, machine?.memoryMiB ?? 0),
                diskGiB: machine?.diskGiB ?? options.defaultDiskGiB, gpu: machine?.gpu ?? (gpu ? 1 : 0)),
            lifetimeSeconds: lifetime,
            oneShot: oneShot)
        request.title = machine?.title
        request.hasScript = !payload.isEmpty
        request.wantsFolders = !withoutFolders
        request.isForAnyMachine = currentUser.isAdmin
        request.groups = Array(
            (currentUser.login?.person.groups ?? []).filter { !$0.contains("\n") && !$0.isEmpty }.prefix(64))
        self.nonce = nonce
    }
}

/// The largest value that a field takes: the largest that an administrator offers.
private func largest(_ choices: [Int], _ preset: Int) -> Int {
    max(choices.max() ?? 0, preset, 1)
}
