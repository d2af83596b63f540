// What can be done to the tasks in PostgreSQL: functions with the rights of their owner, so that a role which may execute
// them, and nothing else, can do all that a worker does and cannot write a row of its own.

/** What a worker's role is granted; `oompa engine migrate --grant ROLE` does it. */
export const WORKER_FUNCTIONS = [
  'version()',
  'listing()',
  'counts()',
  'claim(jsonb, jsonb, bigint, uuid)',
  'take(text, text, jsonb, bigint, uuid)',
  'renew(text[], text[])',
  'complete(text, text, jsonb, text, text, uuid)',
  'release(text, text, text, uuid)',
  'add(jsonb, boolean, text, text, uuid)',
  'reopen(text, text, text, uuid)',
] as const

/** What every function is made with: a search path of its own, so that nobody's table stands in front of ours. */
const AS_OWNER = 'security definer set search_path = :s, pg_temp'

/**
 * A claim is one statement. Rows that others are about to claim are skipped, not waited for; that two requests cannot
 * have one row is PostgreSQL's own promise. Adding, completing and reopening are made one at a time: a task that is
 * added while its prerequisite is completed would else wait for ever. Only what can make a task ready wakes those who
 * wait, as the notifications of one database are written one transaction after the other.
 */
export const FUNCTIONS = `
create function :s.version() returns jsonb language sql stable ${AS_OWNER}
as $$ select jsonb_build_object('version', v.version, 'oldest', v.oldest)
  from versions v order by v.version desc limit 1 $$;

create function :s.counts() returns jsonb language sql stable ${AS_OWNER}
as $$ select jsonb_build_object(
    'pending', count(*) filter (where state = 'pending'),
    'ready', count(*) filter (where state = 'pending' and waits = 0),
    'current', count(*) filter (where state = 'current'),
    'complete', count(*) filter (where state = 'complete'),
    'nowMs', (extract(epoch from clock_timestamp()) * 1000)::bigint)
  from tasks $$;

create function :s.listing() returns table (
  id text, state text, task jsonb, fence text, holder jsonb, since timestamptz, silent_ms bigint, lease_ms bigint
) language sql stable ${AS_OWNER}
as $$ select t.id, t.state, t.task, t.fence::text, t.holder, t.since,
    (extract(epoch from clock_timestamp() - t.seen) * 1000)::bigint, t.lease_ms from tasks t $$;

create function :s.said(kind text, id text, who jsonb, mark bigint, why text) returns void language sql ${AS_OWNER}
as $$ insert into history (type, task, by, swarm, host, fence, reason)
  values (kind, id, who->>'worker', who->>'swarm', who->'owner'->>'host', mark, why) $$;

create function :s.one_at_a_time() returns void language sql ${AS_OWNER}
as $$ select pg_advisory_xact_lock(hashtext('oompa'), hashtext(current_schema())) $$;

create function :s.wake() returns void language sql ${AS_OWNER}
as $$ select pg_notify('oompa_' || current_schema(), '') $$;

create function :s.noted(notes text, note text, by text) returns text language sql stable ${AS_OWNER}
as $$ select case when length(one) <= 16000 then one else '…' || right(one, 16000) end from (
    select case when btrim(note, E' \\n\\r\\t') = '' then notes else
      coalesce(nullif(rtrim(notes, E' \\n\\r\\t'), '') || E'\\n', '') ||
      to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || ' ' || by || ': ' ||
      btrim(note, E' \\n\\r\\t') end as one
  ) as all_notes $$;

create function :s.with_notes(task jsonb, notes text) returns jsonb language sql immutable ${AS_OWNER}
as $$ select case when notes is null then task else jsonb_set(task, '{notes}', to_jsonb(notes)) end $$;

create function :s.tidy(file text) returns text language sql immutable
as $$ select rtrim(regexp_replace(file, '^\\./', ''), '/') $$;

create function :s.touches(files text[], wanted jsonb) returns boolean language sql immutable ${AS_OWNER}
as $$ select coalesce(jsonb_array_length(wanted), 0) = 0 or exists (
    select from unnest(files) f, jsonb_array_elements_text(wanted) w
    where tidy(f) = tidy(w) or starts_with(tidy(f), tidy(w) || '/') or starts_with(tidy(w), tidy(f) || '/')) $$;

create function :s.held(t :s.tasks) returns jsonb language sql stable ${AS_OWNER}
as $$ select jsonb_build_object('task', t.task, 'fence', t.fence::text, 'holder', t.holder, 'since', t.since) $$;

create function :s.lost(want_id text) returns jsonb language sql stable ${AS_OWNER}
as $$ select jsonb_build_object('lost', coalesce((
    select case t.state
      when 'current' then coalesce(t.holder->>'worker', 'somebody') || ' has held it since ' || t.since
      when 'complete' then 'it is complete already'
      else 'it is not in progress any more' end
    from tasks t where t.id = want_id), 'there is no such task')) $$;

create function :s.why_none(want_id text) returns jsonb language plpgsql stable ${AS_OWNER}
as $$
declare found_task tasks; open_ids text; quoted text := '\`' || want_id || '\`';
begin
  if want_id is null then
    select * into found_task from tasks t where t.state = 'pending' and t.waits > 0 order by t.priority, t.id limit 1;
    if not found then return jsonb_build_object('answer', 'none', 'why', 'no task is pending'); end if;
    quoted := '\`' || found_task.id || '\`';
  else
    select * into found_task from tasks t where t.id = want_id;
    if not found then
      return jsonb_build_object('answer', 'not-found', 'why', 'there is no task ' || quoted);
    elsif found_task.state = 'complete' then
      return jsonb_build_object('answer', 'already-taken', 'why', quoted || ' is complete');
    elsif found_task.state = 'current' then
      return jsonb_build_object('answer', 'already-taken', 'why', quoted || ' is held by ' || (found_task.holder->>'worker'));
    elsif found_task.waits = 0 then
      return jsonb_build_object('answer', 'already-taken', 'why', 'somebody is about to claim ' || quoted);
    end if;
  end if;
  select string_agg(n.needs, ', ' order by n.needs) into open_ids from needs n
    where n.task = found_task.id and not exists (select from tasks d where d.id = n.needs and d.state = 'complete');
  return jsonb_build_object('answer', case when want_id is null then 'none' else 'dependency-missing' end,
    'why', quoted || ' waits for ' || open_ids);
end $$;

create function :s.claim(request jsonb, who jsonb, lease bigint, this_call uuid) returns jsonb language plpgsql ${AS_OWNER}
as $$
declare got tasks; want_id text := request->>'id';
begin
  select * into got from tasks t where t.call = this_call and t.state = 'current';
  if found then return held(got); end if;
  if want_id is not null then
    update tasks t set state = 'current', fence = nextval('fences'), holder = who, since = now(), seen = now(),
      lease_ms = lease, call = this_call
    where t.id = (select c.id from tasks c where c.id = want_id and c.state = 'pending' and c.waits = 0
      for update skip locked)
    returning t.* into got;
  else
    update tasks t set state = 'current', fence = nextval('fences'), holder = who, since = now(), seen = now(),
      lease_ms = lease, call = this_call
    where t.id = (select c.id from tasks c where c.state = 'pending' and c.waits = 0
      and (request->>'story' is null or c.story = request->>'story')
      and (request->>'priority' is null or c.priority <= (request->>'priority')::double precision)
      and (request->>'role' is null or c.role is null or c.role = request->>'role')
      and touches(c.files, request->'files')
      order by c.priority, c.id limit 1 for update skip locked)
    returning t.* into got;
  end if;
  if got.id is null then return why_none(want_id); end if;
  perform said('claimed', got.id, who, got.fence, null);
  return held(got);
end $$;

create function :s.take(want_id text, expected text, who jsonb, lease bigint, this_call uuid) returns jsonb
language plpgsql ${AS_OWNER}
as $$
declare got tasks;
begin
  select * into got from tasks t where t.call = this_call and t.state = 'current';
  if found then return held(got); end if;
  update tasks t set fence = nextval('fences'), holder = who, since = now(), seen = now(), lease_ms = lease,
    call = this_call
  where t.id = want_id and t.state = 'current' and t.fence::text = expected returning t.* into got;
  if got.id is null then return lost(want_id); end if;
  perform said('taken', got.id, who, got.fence, null);
  return held(got);
end $$;

create function :s.renew(ids text[], marks text[]) returns jsonb language plpgsql ${AS_OWNER}
as $$
declare renewed integer;
begin
  update tasks t set seen = clock_timestamp() from unnest(ids, marks) as mine (id, mark)
  where t.id = mine.id and t.state = 'current' and t.fence::text = mine.mark;
  get diagnostics renewed = row_count;
  return to_jsonb(renewed);
end $$;

create function :s.complete(want_id text, mark text, fields jsonb, note text, done_by text, this_call uuid) returns jsonb
language plpgsql ${AS_OWNER}
as $$
declare before tasks; notes text;
begin
  perform one_at_a_time();
  select * into before from tasks t where t.id = want_id for update;
  if before.state = 'complete' and before.call = this_call then return 'true'; end if;
  if before.id is null or before.state <> 'current' or before.fence::text is distinct from mark then
    return lost(want_id);
  end if;
  notes := coalesce(nullif(rtrim(before.task->>'notes', E' \\n\\r\\t'), '') || coalesce(E'\\n' || note, ''), note);
  update tasks t set state = 'complete', fence = null, holder = null, since = null, seen = null, lease_ms = null,
    call = this_call,
    task = with_notes(jsonb_set(t.task, '{extra}', coalesce(t.task->'extra', '{}') || fields), notes)
  where t.id = want_id;
  update tasks t set waits = t.waits - 1 from needs n where n.needs = want_id and t.id = n.task;
  perform said('completed', want_id, before.holder || jsonb_build_object('worker', done_by), before.fence,
    fields->>'merged-commit');
  perform wake();
  return 'true';
end $$;

create function :s.release(want_id text, mark text, note text, this_call uuid) returns jsonb language plpgsql ${AS_OWNER}
as $$
declare before tasks;
begin
  select * into before from tasks t where t.id = want_id for update;
  if before.state = 'pending' and before.call = this_call then return 'true'; end if;
  if before.id is null or before.state <> 'current' or before.fence::text is distinct from mark then
    return lost(want_id);
  end if;
  update tasks t set state = 'pending', fence = null, holder = null, since = null, seen = null, lease_ms = null,
    call = this_call, task = with_notes(t.task, noted(t.task->>'notes', note, before.holder->>'worker'))
  where t.id = want_id;
  perform said('released', want_id, before.holder, before.fence, note);
  perform wake();
  return 'true';
end $$;

create function :s.add(new_task jsonb, free_id boolean, by_worker text, by_swarm text, this_call uuid) returns jsonb
language plpgsql ${AS_OWNER}
as $$
declare new_id text := new_task->>'id'; number integer := 1; got tasks;
begin
  if jsonb_typeof(new_task->'id') is distinct from 'string' or jsonb_typeof(new_task->'summary') is distinct from 'string'
    or jsonb_typeof(new_task->'acceptance') is distinct from 'array' or jsonb_typeof(new_task->'files') is distinct from 'array'
    or jsonb_typeof(new_task->'dependsOn') is distinct from 'array' or jsonb_typeof(new_task->'extra') is distinct from 'object'
    or new_id = '' or octet_length(new_id) > 180
    or new_id ~ '^[-/\\\\]|^\\s|\\s$|[\\u0001-\\u001f\\u007f]|^[A-Za-z]:[/\\\\]|(^|[/\\\\])[.][.]?($|[/\\\\])' then
    raise exception 'this is no task: %', left(new_task::text, 200);
  end if;
  perform one_at_a_time();
  select * into got from tasks t where t.call = this_call;
  if found then return jsonb_build_object('task', got.task); end if;
  while exists (select from tasks t where t.id = new_id) loop
    if not free_id then
      return jsonb_build_object('duplicate', (select t.state from tasks t where t.id = new_id));
    end if;
    number := number + 1;
    new_id := (new_task->>'id') || '-' || number;
  end loop;
  new_task := jsonb_set(new_task, '{id}', to_jsonb(new_id));
  insert into tasks (id, priority, role, story, files, task, call, waits)
  values (new_id, coalesce((new_task->>'priority')::double precision, 'infinity'), new_task->>'role', new_task->>'story',
    array(select jsonb_array_elements_text(new_task->'files')), new_task, this_call,
    (select count(distinct d) from jsonb_array_elements_text(new_task->'dependsOn') d
      where not exists (select from tasks c where c.id = d and c.state = 'complete')));
  insert into needs (task, needs) select distinct new_id, d from jsonb_array_elements_text(new_task->'dependsOn') d;
  perform said('added', new_id, jsonb_build_object('worker', by_worker, 'swarm', by_swarm), null, null);
  perform wake();
  return jsonb_build_object('task', new_task);
end $$;

create function :s.reopen(want_id text, why text, by_worker text, this_call uuid) returns jsonb language plpgsql ${AS_OWNER}
as $$
declare before tasks;
begin
  perform one_at_a_time();
  select * into before from tasks t where t.id = want_id for update;
  if before.state = 'pending' and before.call = this_call then return 'true'; end if;
  if before.id is null or before.state <> 'complete' then return 'false'; end if;
  update tasks t set state = 'pending', call = this_call,
    task = with_notes(t.task, noted(t.task->>'notes', why, by_worker))
  where t.id = want_id;
  update tasks t set waits = t.waits + 1 from needs n where n.needs = want_id and t.id = n.task;
  perform said('reopened', want_id, jsonb_build_object('worker', by_worker), null, why);
  perform wake();
  return 'true';
end $$;
`
