-- probe: what every transition needs, without changing anything that somebody reads: that functions run, that this user may
-- write what all roles do, and that a write is taken.
for _, right in ipairs({
    { 'HSET', 'qwd:session:probe' }, { 'HSET', 'qwd:job:probe' }, { 'ZADD', 'qwd:queue:create' }, { 'ZADD', 'qwd:wake:probe' },
    { 'XADD', 'qwd:events' }, { 'XADD', 'qwd:events:probe' }, { 'PUBLISH', 'qwd:status' },
}) do require_right(right[1], right[2]) end
write('SET', 'qwd:probe', text(now()), 'PX', '60000')
return 'ok'
