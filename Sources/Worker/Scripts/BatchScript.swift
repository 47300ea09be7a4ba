import Domain
import Machines

/// Boot scripts for Windows: each becomes one batch file, which libguestfs runs as the system when Windows starts.
enum BatchScript {
    /// What stands for a symbol in a batch file: a variable in quotes. Whatever its value has, it ends no word and begins no command,
    /// also where the script has a single `%` in the same line.
    static func word(for symbol: String) -> String { "\"%\(variable(symbol))%\"" }

    private static let quote = UInt8(ascii: "\"")

    private static func variable(_ symbol: String) -> String { "QWD_" + symbol.replacing("@", with: "") }

    /// The lines that set the variables of the symbols that are in a script.
    /// - Throws: `MachineError` for what can't be said to cmd.exe.
    static func settings(
        of script: BootScript, _ names: [(symbol: String, value: String)]
    ) throws(MachineError) -> [String] {
        let delays = script.text.lowercased().contains("enabledelayedexpansion")
        var lines: [String] = []
        // By bytes, as the symbols are found.
        let text = script.text.utf8.split(separator: UInt8(ascii: "\n"))
        for (symbol, value) in names {
            let places = text.flatMap { line in line.ranges(of: Array(symbol.utf8)).map { line[..<$0.lowerBound] } }
            if places.isEmpty { continue }
            guard places.allSatisfy({ $0.count { $0 == quote }.isMultiple(of: 2) }) else {
                throw MachineError(
                    .badImage, "\(script.name): \(symbol) stands in quotes. Write it without: it gets its own.")
            }
            if let what = refused(value, delays: delays) {
                throw MachineError(
                    .badImage,
                    "\(script.name): what stands for \(symbol) has \(what), which can't stand in a batch file.")
            }
            let doubled = value.utf8.flatMap { $0 == UInt8(ascii: "%") ? [$0, $0] : [$0] }
            lines.append("set \"\(variable(symbol))=\(String(decoding: doubled, as: UTF8.self))\"")
        }
        return lines
    }

    /// What a value has that quotes don't keep together; nil for nothing.
    /// - Parameter delays: Whether the script lets cmd.exe look at variables once more (`setlocal EnableDelayedExpansion`).
    private static func refused(_ value: String, delays: Bool) -> String? {
        if value.utf8.contains(quote) { return "a quotation mark" }
        if value.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            return "a line's end or the like"
        }
        // For the programs of Windows it makes the quote behind it a letter.
        if value.utf8.last == UInt8(ascii: "\\") { return "a backslash at its end" }
        if delays, value.utf8.contains(where: { "!^".utf8.contains($0) }) {
            return "! or ^, and the script EnableDelayedExpansion"
        }
        return nil
    }

    /// The files, with the ends of lines that libguestfs makes those of Windows. Each starts itself anew as the script, in a cmd.exe of
    /// its own that it may leave by `exit`, tells what came of it on the first serial port, and removes itself: a password may be in it.
    static func files(_ scripts: [BootScript], session: SessionID) -> [String] {
        scripts.enumerated().map { index, script in
            let (number, settings) = (index + 1, script.settings.joined(separator: "\n"))
            let log = "\"%place%\\\(number).log\""
            let isPlain = (settings + script.text).utf8.allSatisfy { $0 < 0x80 }
            return """
                @if defined QWD_SCRIPT goto qwd_script
                @echo off
                rem Written by qwd: a boot script of session \(session).
                setlocal EnableExtensions DisableDelayedExpansion
                \(isPlain ? "rem" : "chcp 65001 >nul")
                set "QWD_SCRIPT=\(number)"
                \(settings.isEmpty ? "rem" : settings)
                set "place=%ProgramData%\\qwd\\\(session)"
                mkdir "%place%" 2>nul
                "%ComSpec%" /d /e:on /v:off /c ""%~f0"" >\(log) 2>&1 <nul
                set "code=%errorlevel%"
                if %code% lss 0 set "code=255"
                if %code% gtr 255 set "code=255"
                set "last= "
                for /f "usebackq delims=" %%l in (\(log)) do set "last=%%l"
                setlocal EnableDelayedExpansion
                >COM1 echo.
                >COM1 echo \(BootScriptResult.mark) \(number)/\(scripts.count) !code! : !last:~0,100!
                del "%~f0" & exit /b 0
                :qwd_script
                @set "QWD_SCRIPT="
                \(script.text.replacing("\r\n", with: "\n"))

                """
        }
    }
}
