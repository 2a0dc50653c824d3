-- name: erase_scope_mentions
delete from mention{t} where {at} scope_id = %(scope)s

-- name: erase_scope_entities
delete from entity{t} where {at} scope_id = %(scope)s

-- name: erase_scope_memories
delete from memory{t} where {at} scope_id = %(scope)s

-- name: erase_scope_segments
delete from segment{t} where {at} scope_id = %(scope)s

-- name: erase_scope_documents
delete from document{t} where {at} scope_id = %(scope)s

-- name: erase_scope_messages
delete from message where bucket = %(bucket)s and scope_id = %(scope)s

-- name: erase_scope_conversations
delete from conversation where bucket = %(bucket)s and scope_id = %(scope)s

-- name: erase_scope_summaries
delete from summary where bucket = %(bucket)s and scope_id = %(scope)s

-- name: erase_scope_compactions
delete from compaction where bucket = %(bucket)s and scope_id = %(scope)s

-- name: erase_scope_jobs
delete from job where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s

-- name: erase_scope_ingestions
delete from ingestion where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s

-- name: erase_scope_locators
delete from locator where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s

-- name: erase_scope_directory
delete from directory where instance_id = %(instance)s and scope_id = %(scope)s

-- name: lock_instance
select id from instance where id = %(instance)s for update

-- name: close_instance
update instance set status = 'deleting' where id = %(instance)s

-- name: lock_client
select id from client where id = %(client)s for update

-- name: close_client
update client set status = 'deleting' where id = %(client)s

-- name: lock_instances
select id from instance where client_id = %(client)s for update

-- name: close_instances
update instance set status = 'deleting' where client_id = %(client)s

-- name: clients_being_deleted
select id from client where status = 'deleting' order by id

-- name: instances_being_deleted
select id from instance where status = 'deleting' order by id

-- name: erase_shared_scopes
delete from scope_shared where space = %(space)s

-- name: erase_instance_rows_of_directory
delete from directory where instance_id = %(instance)s

-- name: erase_instance_rows_of_batch
delete from batch where instance_id = %(instance)s

-- name: erase_instance_rows_of_job
delete from job where instance_id = %(instance)s

-- name: erase_instance_rows_of_scope
delete from scope where instance_id = %(instance)s

-- name: erase_instance_rows_of_configuration
delete from configuration where instance_id = %(instance)s

-- name: erase_instance_rows_of_api_key
delete from api_key where instance_id = %(instance)s

-- name: erase_instance
delete from instance where id = %(instance)s

-- name: erase_client_keys
delete from api_key where client_id = %(client)s

-- name: erase_client
delete from client where id = %(client)s
