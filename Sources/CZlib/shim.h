#pragma once
// zlib's deflate with the header of gzip. `deflateInit2` is a macro, which Swift does not see.
#include <string.h>
#include <zlib.h>

/// `level`: from 1, the fastest, to 9, the smallest. `room` of `compressBound(count) + 18` bytes is always enough.
/// Returns the number of bytes written, or 0.
static inline size_t qwd_gzip(const unsigned char *bytes, size_t count, unsigned char *into, size_t room, int level) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    // 15 bits of window, 16 for the header of gzip.
    if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    stream.next_in = (unsigned char *)bytes;
    stream.avail_in = (uInt)count;
    stream.next_out = into;
    stream.avail_out = (uInt)room;
    int end = deflate(&stream, Z_FINISH);
    size_t written = stream.total_out;
    deflateEnd(&stream);
    return end == Z_STREAM_END ? written : 0;
}
