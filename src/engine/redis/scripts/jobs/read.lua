-- KEYS: queue job run held leases result history errors progress meta tags failed
-- KEYS: spans
-- ARGV: now, which long fields are asked for (the sum of their bits), then ids
-- Reply: per id 20 values; the first is '' when the job does not exist. Ids at the end are left to the next call when those
-- before them are MOST_REPLIED bytes. Of the body there is only the header when neither input nor references are asked for;
-- of the history only the last error and the last run, a line each, when it is not
--
-- Reads the records of jobs, all at one moment. What is not asked for is not read where it has a field of its own; where it
-- has not, its bytes are counted, though for less than those that are replied.
-- include: record codec batch format queue lease holding parts

read_queue()

local asked = tonumber(ARGV[2])
local function asks(bit) return math.floor(asked / bit) % 2 == 1 end

local reply, bytes = {}, 0

-- Those of a hash that are asked for; none of the others is read.
local function long(bit, key_name, ids) return asks(bit) and hmget(key_name, ids) or {} end -- keys: result meta failed

-- With its end, unless it has none: then it is no body, and is shown as that.
local function header_line(job)
  local header = header_of(job)
  return #header < #job - BIRTH_SIZE and header .. '\n' or header
end

-- The last line with an error, if it is not the last one, and the last line.
local function last_lines(history)
  local last, failed
  for line in string.gmatch(history, '[^\n]+') do
    last = line
    if string.find(line, '"error":{', 1, true) then failed = line end
  end
  return failed and failed ~= last and failed .. '\n' .. last or last or ''
end

local function read(ids)
  local jobs, runs, held = hmget('job', ids), hmget('run', ids), hmget('held', ids)
  local hists, errs, progs, tags = hmget('history', ids), hmget('errors', ids), hmget('progress', ids), hmget('tags', ids)
  local results, metas, failed = long(FIELD_RESULT, 'result', ids), long(FIELD_META, 'meta', ids), long(FIELD_FAILURES, 'failed', ids)
  local whole = asks(FIELD_INPUT) or asks(FIELD_REFERENCES)
  for i = 1, #ids do
    local r = load_record(ids[i], jobs[i], runs[i], held[i])
    local job, history = jobs[i] or '', hists[i] or ''
    bytes = bytes + (#job + #(runs[i] or '') + #history) / BYTES_PASSED
    if not r then
      -- Something is stored that is not a record: the job is shown with its problem, not passed over in silence.
      reply[#reply + 1] = (jobs[i] or runs[i] or held[i]) and 'undecodable' or ''
      for _ = 2, RECORD_WIDTH do reply[#reply + 1] = '' end
    else
      local values = {
        name_of(r[STATE]), r[COUNTED], r[ATTEMPTS], r[CRASHES], r[EPOCH], r[PRIORITY],
        string.format('%.17g', r[POSITION]), r[CREATED], r[RUN_AT], r[STARTED], r[FINISHED], r[HOLDER],
        whole and body_of(job) or header_line(job), asks(FIELD_RESULT) and (results[i] or r.result) or '',
        asks(FIELD_HISTORY) and history or last_lines(history), progs[i] or '', metas[i] or '', tags[i] or '',
        errs[i] or '', failed[i] or '',
      }
      for n = 1, RECORD_WIDTH do
        reply[#reply + 1] = values[n]
        bytes = bytes + #tostring(values[n])
      end
    end
  end
end

in_parts(ARGV, 3, read, function() return bytes end)
return reply
