/// A range of user ids.
package struct UserNumbers: Sendable, Equatable {
    package var first: UInt32
    package var last: UInt32
}
