-- KEYS: queue job run held leases result history errors progress meta tags failed
-- KEYS: spans
-- ARGV: now, then ids
-- Reply: per id 20 values; the first is '' when the job does not exist. Ids at the end are left to the next call when those
-- before them are MOST_REPLIED bytes
--
-- Reads the records of jobs, all at one moment.
-- include: record codec batch format queue lease holding parts

read_queue()

local reply, bytes = {}, 0

local function read(ids)
  local jobs, runs, held = hmget('job', ids), hmget('run', ids), hmget('held', ids)
  local results, hists, errs = hmget('result', ids), hmget('history', ids), hmget('errors', ids)
  local progs, metas, tags = hmget('progress', ids), hmget('meta', ids), hmget('tags', ids)
  local failed = hmget('failed', ids)
  for i = 1, #ids do
    local r = load_record(ids[i], jobs[i], runs[i], held[i])
    if not r then
      -- Something is stored that is not a record: the job is shown with its problem, not passed over in silence.
      reply[#reply + 1] = (jobs[i] or runs[i] or held[i]) and 'undecodable' or ''
      for _ = 2, RECORD_WIDTH do reply[#reply + 1] = '' end
    else
      local values = {
        name_of(r[STATE]), r[COUNTED], r[ATTEMPTS], r[CRASHES], r[EPOCH], r[PRIORITY],
        string.format('%.17g', r[POSITION]), r[CREATED], r[RUN_AT], r[STARTED], r[FINISHED], r[HOLDER],
        body_of(jobs[i] or ''), results[i] or r.result or '', hists[i] or '', progs[i] or '', metas[i] or '', tags[i] or '',
        errs[i] or '', failed[i] or '',
      }
      for n = 1, RECORD_WIDTH do
        reply[#reply + 1] = values[n]
        bytes = bytes + #tostring(values[n])
      end
    end
  end
end

in_parts(2, read, function() return bytes end)
return reply
