import Accounts
import Catalogue
import Display
import Foundation
import Logging
import Machines
import Processes
import Settings

/// What is wrong with the files, programs and directories that keys name: what a service would find at its start.
extension Settings {
    struct PlaceProblem: Hashable {
        var key: String
        var text: String
    }

    /// Nothing is asked of any server, and nothing is made.
    var placeProblems: [PlaceProblem] {
        let roles = Roles(settings: self, logger: Logger(label: "qwd") { _ in SwiftLogNoOpLogHandler() })
        var found: [PlaceProblem?] = []
        let missing = missingFiles
        found += missing
        // Whoever opens them all stops at the first, and has said nothing of the others.
        func isMissing(_ section: String) -> Bool { missing.contains { $0.key.hasPrefix(section) } }
        if !isMissing("tls.") {
            do { _ = try roles.certificate() } catch { found.append(PlaceProblem(key: "tls", text: error.message)) }
        }
        if !isMissing("auth.") {
            do { _ = try roles.chain() } catch {
                found.append(
                    PlaceProblem(key: "auth.methods", text: String(error.message.trimmingPrefix("auth.methods: "))))
            }
        }
        if !isMissing("mail.") {
            do { _ = try roles.postOffice() } catch { found.append(PlaceProblem(key: "mail", text: error.message)) }
        }
        let authorities = [
            ("auth.ldap.ca", auth.ldap.ca), ("auth.imap.ca", auth.imap.ca), ("auth.smtp.ca", auth.smtp.ca),
            ("mail.ca", mail.ca),
        ]
        for (key, path) in authorities { found.append(Self.authorityProblem(key, path ?? "")) }
        for (key, path) in [("state_dir", stateDir), ("runtime_dir", runtimeDir)] {
            found.append(Self.writingProblem(key, path))
        }
        found += [defaultMachineProblem, noVNCProblem]
        return found.compactMap(\.self)
    }

    /// Files and directories that keys name and that are not there.
    private var missingFiles: [PlaceProblem] {
        var places: [(key: String, path: String?)] = [
            ("tls.certificate", tls.certificate), ("tls.key", tls.key), ("auth.command.path", auth.command.path),
            ("auth.ldap.bind_password_file", auth.ldap.bindPasswordFile), ("mail.password_file", mail.passwordFile),
        ]
        // What has a scheme is an address.
        if let store = machines.store, store.hasPrefix("/") { places.append(("machines.store", store)) }
        // The directory that follows from state_dir is made when it is needed.
        if origins["machines.directory"] != .builtIn { places.append(("machines.directory", machines.directory)) }
        places += (redis.url?.files ?? []).map { ("redis.url", $0) }
        return places.compactMap { key, path in
            guard let path, !path.isEmpty, access(path, F_OK) != 0 else { return nil }
            return PlaceProblem(key: key, text: "\(path) is not there")
        }
    }

    private var noVNCProblem: PlaceProblem? {
        // Where nobody has said otherwise it is the package's, which doctor looks for.
        if origins["display.novnc"] == .builtIn || access("\(display.noVNC)/core/rfb.js", R_OK) == 0 { return nil }
        return PlaceProblem(key: "display.novnc", text: "\(display.noVNC) has no core/rfb.js")
    }

    private static func authorityProblem(_ key: String, _ path: String) -> PlaceProblem? {
        if path.isEmpty { return nil }
        guard let text = Files.read(path) else { return PlaceProblem(key: key, text: "\(path) can't be read") }
        if text.contains("-----BEGIN CERTIFICATE-----") || text.contains("-----BEGIN TRUSTED CERTIFICATE-----") {
            return nil
        }
        return PlaceProblem(key: key, text: "\(path) has no certificate in it")
    }

    private var defaultMachineProblem: PlaceProblem? {
        let images = machines.directory
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: images, isDirectory: &isDirectory), !isDirectory.boolValue {
            return PlaceProblem(key: "machines.directory", text: "\(images) is no directory")
        }
        guard let machine = defaults.machine, !machine.isEmpty else { return nil }
        let catalogue = Catalogue.load(files: machines.catalogue, directory: images)
        // A host of pages alone has no machines, and none it could compare.
        if catalogue.machines.isEmpty || catalogue.machine(named: machine) != nil { return nil }
        let known = catalogue.machines.map(\.name).joined(separator: ", ")
        return PlaceProblem(key: "defaults.machine", text: "there is no machine \(machine); there is: \(known)")
    }

    /// Addresses that somebody else listens on already, while no service of ours does. Its displays may outlive it.
    var portProblems: [PlaceProblem] {
        let listens = [("frontend.listen", frontend.listen), ("display.listen", display.listen)]
        let paths = HostPaths(runtime: runtimeDir, state: stateDir)
        return listens.compactMap { key, listen in
            guard listen.port != 0 else { return nil }
            if key == "display.listen", GatewayBridge.isListening(listen.host, listen.port, paths) { return nil }
            do {
                _ = try TCPListener(host: listen.host, port: listen.port)
                return nil
            } catch {
                return PlaceProblem(key: key, text: "\(listen) can't be listened on: \(error)")
            }
        }
    }

    /// Why nothing can be written below a directory, or nil. It may be made only later.
    private static func writingProblem(_ key: String, _ path: String) -> PlaceProblem? {
        var place = path
        while !FileManager.default.fileExists(atPath: place), place != "/" {
            place = (place as NSString).deletingLastPathComponent
        }
        var isDirectory: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: place, isDirectory: &isDirectory)
        if !isDirectory.boolValue { return PlaceProblem(key: key, text: "\(place) is no directory") }
        if access(place, W_OK | X_OK) == 0 { return nil }
        return PlaceProblem(
            key: key, text: "\(place) can't be written by this user: \(String(cString: strerror(errno)))")
    }
}
