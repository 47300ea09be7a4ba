-- Mails to send, and what a session's user hears of them.

-- Puts a mail into its queue.
local function queue_mail(jid, sid, topic, sealed, attempts, at)
    call('HSET', 'qwd:job:' .. jid, 'kind', 'mail', 'session', sid, 'state', 'waiting', 'route', 'mail', 'topic', topic,
        'sealed', sealed, 'attempt', '0', 'max_attempts', attempts, 'fence', '0', 'queued_at', at, 'ready_at', at)
    call('RPUSH', 'qwd:queue:mail', jid)
    wake('mail')
end

-- A mail about a session, for one that has an address. Its id follows from the session's, so twice is once.
local function mail_about(sid, topic, at)
    local jid = sid .. '-mail-' .. topic
    if call('EXISTS', 'qwd:job:' .. jid) == 0 then queue_mail(jid, sid, topic, '', '8', text(at)) end
end

-- Tells a session's user what became of the mail about it.
local function mail_became(sid, words)
    if not sid or sid == '' then return end
    local s = call('HMGET', 'qwd:session:' .. sid, 'state', 'rev', 'mail')
    if not s[1] or s[3] == words then return end
    set(sid, s[2], 'mail', words)
    announce(sid, s[1], 'mail', words)
end
