-- scripted: a boot script has run in a session's guest. ARGV: sid fence result
-- Results stand in the session one a line, each once. Answers 'new', 'known' or 'stale'.
local sid, fence, result = ARGV[1], ARGV[2], ARGV[3]
local s = look_at(sid)
if s.fence ~= fence or s.state ~= 'running' and s.state ~= 'lost' then return 'stale' end
local known = call('HGET', 'qwd:session:' .. sid, 'scripts') or ''
if string.find('\n' .. known .. '\n', '\n' .. result .. '\n', 1, true) then return 'known' end
move(sid, s, s.state, now(), { 'scripts', known == '' and result or known .. '\n' .. result },
    { 'act', 'script', 'who', s.owner or '', 'from', '', 'note', result })
return 'new'
