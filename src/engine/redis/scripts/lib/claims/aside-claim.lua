-- What a session may lease of the jobs set aside, by the tasks it names.

-- The first `n` entries of `lacking` of a kind (w, or s for suspects) and a task.
local function lacking_entries(kind, task, n)
  local from = kind .. task
  return redis.call('ZRANGEBYLEX', K.lacking, '[' .. from .. '\0', '(' .. from .. '\1', 'LIMIT', 0, n)
end

-- Is a job of one of these tasks set aside that any session may lease?
local function waits_aside(tasks)
  if redis.call('EXISTS', K.aside) == 0 then return false end
  for task in string.gmatch(tasks, '%S+') do
    if #lacking_entries('w', task, 1) > 0 then return true end
  end
  return false
end
