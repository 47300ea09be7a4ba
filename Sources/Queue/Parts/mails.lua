-- Mails to send, and what a session's user hears of them.

-- Puts a mail into its queue.
local function queue_mail(jid, sid, topic, sealed, attempts, at)
    queue_job(jid, 'mail', 'mail', attempts, at, 'session', sid, 'topic', topic, 'sealed', sealed)
end

-- A mail about a session, for one that has an address. Its id follows from the session's, so twice is once.
local function mail_about(sid, topic, at)
    local jid = sid .. '-mail-' .. topic
    if call('EXISTS', 'qwd:job:' .. jid) == 0 then queue_mail(jid, sid, topic, '', '8', at) end
end

-- Tells a session's user what became of the mail about it.
local function mail_became(sid, words, at)
    if not sid or sid == '' then return end
    local s = look_at(sid)
    if not s.state or s.mail == words then return end
    move(sid, s, s.state, at, { 'mail', words })
end
