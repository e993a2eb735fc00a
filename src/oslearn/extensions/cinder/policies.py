"""Who may ask for what extends cinder-api.

Interface: `RULES`, beside the core's.
Upstream: cinder/policies/.
"""

from __future__ import annotations

from oslearn.core.oslo.policy import Rule, admin, project_member, project_reader

READERS = [
    "backup:get", "backup:get_all",
    "group:get", "group:get_all", "group:get_all_group_snapshots", "group:get_group_snapshot",
    "group:group_types:index",
    "limits_extension:used_limits",
    "message:get", "message:get_all",
    "volume:availability_zone_list", "volume:extensions", "volume:get_all_snapshots",
    "volume:get_all_transfers", "volume:get_snapshot", "volume:get_snapshot_metadata", "volume:get_transfer",
    "volume:get_volume_metadata", "volume:resource_filters",
    "volume_extension:quotas:show",
    "volume_extension:type_get", "volume_extension:type_get_all",
    "volume_extension:types_extra_specs:index", "volume_extension:types_extra_specs:show",
    "volume_extension:volume_encryption_metadata",
    "volume_extension:volume_image_metadata:show",
]  # fmt: skip
MEMBERS = [
    "backup:create", "backup:delete", "backup:restore", "backup:update",
    "group:create",
    "snapshot_extension:snapshot_actions:update_snapshot_status",
    "volume:accept_transfer", "volume:create", "volume:create_snapshot", "volume:create_snapshot_metadata",
    "volume:create_transfer", "volume:create_volume_metadata", "volume:delete", "volume:delete_snapshot",
    "volume:delete_snapshot_metadata", "volume:delete_transfer", "volume:delete_volume_metadata",
    "volume:extend", "volume:retype", "volume:update", "volume:update_readonly_flag", "volume:update_snapshot",
    "volume:update_snapshot_metadata", "volume:update_volume_metadata",
    "volume_extension:volume_actions:attach", "volume_extension:volume_actions:begin_detaching",
    "volume_extension:volume_actions:detach", "volume_extension:volume_actions:initialize_connection",
    "volume_extension:volume_actions:reserve", "volume_extension:volume_actions:roll_detaching",
    "volume_extension:volume_actions:terminate_connection", "volume_extension:volume_actions:unreserve",
    "volume_extension:volume_actions:upload_image",
    "volume_extension:volume_image_metadata:remove", "volume_extension:volume_image_metadata:set",
]  # fmt: skip
ADMINS = [
    "scheduler_extension:scheduler_stats:get_pools",
    "volume:force_delete", "volume:reimage",
    "volume_extension:backup_admin_actions:force_delete", "volume_extension:backup_admin_actions:reset_status",
    "volume_extension:default_get", "volume_extension:default_get_all",
    "volume_extension:default_set_or_update", "volume_extension:default_unset", "volume_extension:hosts",
    "volume_extension:qos_specs_manage:get", "volume_extension:qos_specs_manage:get_all",
    "volume_extension:quota_classes:get", "volume_extension:quota_classes:update",
    "volume_extension:quotas:delete", "volume_extension:quotas:update",
    "volume_extension:services:index", "volume_extension:services:update",
    "volume_extension:snapshot_admin_actions:force_delete",
    "volume_extension:snapshot_admin_actions:reset_status",
    "volume_extension:type_create", "volume_extension:type_delete", "volume_extension:type_update",
    "volume_extension:types_extra_specs:create", "volume_extension:types_extra_specs:delete",
    "volume_extension:types_extra_specs:update",
    "volume_extension:volume_actions:upload_public",
    "volume_extension:volume_admin_actions:force_delete", "volume_extension:volume_admin_actions:force_detach",
    "volume_extension:volume_admin_actions:migrate_volume",
    "volume_extension:volume_admin_actions:reset_status",
    "volume_extension:volume_type_access:add_project_access",
    "volume_extension:volume_type_access:get_all_for_type",
    "volume_extension:volume_type_access:remove_project_access",
    "volume_extension:volume_type_encryption:get",
]  # fmt: skip
RULES: dict[str, Rule] = {
    **dict.fromkeys(READERS, project_reader),
    **dict.fromkeys(MEMBERS, project_member),
    **dict.fromkeys(ADMINS, admin),
}
