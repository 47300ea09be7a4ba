import Processes

/// The `qwd` that was built beside these tests.
package let builtProgram = Files.directory(of: Program.ourselves) + "/qwd"
