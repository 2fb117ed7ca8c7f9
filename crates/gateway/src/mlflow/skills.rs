//! Rows: the registries of MCP servers and of skills (skills: since 3.18).
//!
//! Names there may hold slashes and stand before literals, so all these rows are guarded: a name, version, alias
//! or tag key called `versions`, `aliases`, `tags` or `endpoints` is no route.

use super::Registry::{McpServers, Skills};
use super::{Row, delete, get, patch, post};

const ORDER_BY: &[&str] = &["order_by"];

pub(super) const ROWS: &[Row] = &[
    // MCP servers
    get("3.0/mlflow/mcp-servers", "SearchMcpServers").repeats(ORDER_BY).telling_rights(McpServers),
    post("3.0/mlflow/mcp-servers", "CreateMcpServer"),
    get("3.0/mlflow/mcp-servers/endpoints", "SearchMcpEndpoints").repeats(ORDER_BY),
    get("3.0/mlflow/mcp-servers/{*}", "GetMcpServer").guarded().telling_rights(McpServers),
    patch("3.0/mlflow/mcp-servers/{*}", "UpdateMcpServer").guarded(),
    delete("3.0/mlflow/mcp-servers/{*}", "DeleteMcpServer").guarded(),
    post("3.0/mlflow/mcp-servers/{*}/aliases", "SetMcpServerAlias").guarded(),
    get("3.0/mlflow/mcp-servers/{*}/aliases/{*}", "GetMcpServerVersion").guarded(),
    delete("3.0/mlflow/mcp-servers/{*}/aliases/{*}", "DeleteMcpServerAlias").guarded(),
    get("3.0/mlflow/mcp-servers/{*}/endpoints", "SearchMcpEndpoints").repeats(ORDER_BY).guarded(),
    post("3.0/mlflow/mcp-servers/{*}/endpoints", "CreateMcpEndpoint").guarded(),
    get("3.0/mlflow/mcp-servers/{*}/endpoints/{}", "GetMcpEndpoint").guarded(),
    patch("3.0/mlflow/mcp-servers/{*}/endpoints/{}", "UpdateMcpEndpoint").guarded(),
    delete("3.0/mlflow/mcp-servers/{*}/endpoints/{}", "DeleteMcpEndpoint").guarded(),
    post("3.0/mlflow/mcp-servers/{*}/tags", "SetMcpServerTag").guarded(),
    delete("3.0/mlflow/mcp-servers/{*}/tags/{*}", "DeleteMcpServerTag").guarded(),
    get("3.0/mlflow/mcp-servers/{*}/versions", "SearchMcpServerVersions").repeats(ORDER_BY).guarded(),
    post("3.0/mlflow/mcp-servers/{*}/versions", "CreateMcpServerVersion").guarded(),
    get("3.0/mlflow/mcp-servers/{*}/versions/{*}", "GetMcpServerVersion").guarded(),
    patch("3.0/mlflow/mcp-servers/{*}/versions/{*}", "UpdateMcpServerVersion").guarded(),
    delete("3.0/mlflow/mcp-servers/{*}/versions/{*}", "DeleteMcpServerVersion").guarded(),
    post("3.0/mlflow/mcp-servers/{*}/versions/{*}/tags", "SetMcpServerVersionTag").guarded(),
    delete("3.0/mlflow/mcp-servers/{*}/versions/{*}/tags/{*}", "DeleteMcpServerVersionTag").guarded(),
    // skills
    get("3.0/mlflow/skills", "SearchSkills").repeats(ORDER_BY).telling_rights(Skills),
    post("3.0/mlflow/skills", "CreateSkill"),
    post("3.0/mlflow/skills/bulk-register", "RegisterSkills"),
    get("3.0/mlflow/skills/{}", "GetSkill").guarded().telling_rights(Skills),
    patch("3.0/mlflow/skills/{}", "UpdateSkill").guarded(),
    delete("3.0/mlflow/skills/{}", "DeleteSkill").guarded(),
    post("3.0/mlflow/skills/{}/aliases", "SetSkillAlias").guarded(),
    get("3.0/mlflow/skills/{}/aliases/{}", "GetSkillVersion").guarded(),
    delete("3.0/mlflow/skills/{}/aliases/{}", "DeleteSkillAlias").guarded(),
    post("3.0/mlflow/skills/{}/tags", "SetSkillTag").guarded(),
    delete("3.0/mlflow/skills/{}/tags/{*}", "DeleteSkillTag").guarded(),
    get("3.0/mlflow/skills/{}/versions", "SearchSkillVersions").repeats(ORDER_BY).guarded(),
    post("3.0/mlflow/skills/{}/versions", "CreateSkillVersion").guarded(),
    get("3.0/mlflow/skills/{}/versions/{}", "GetSkillVersion").guarded(),
    patch("3.0/mlflow/skills/{}/versions/{}", "UpdateSkillVersion").guarded(),
    delete("3.0/mlflow/skills/{}/versions/{}", "DeleteSkillVersion").guarded(),
    post("3.0/mlflow/skills/{}/versions/{}/tags", "SetSkillVersionTag").guarded(),
    delete("3.0/mlflow/skills/{}/versions/{}/tags/{*}", "DeleteSkillVersionTag").guarded(),
    // skills of an organization
    get("3.0/mlflow/skills/@{}/{}", "GetSkill").guarded().telling_rights(Skills),
    patch("3.0/mlflow/skills/@{}/{}", "UpdateSkill").guarded(),
    delete("3.0/mlflow/skills/@{}/{}", "DeleteSkill").guarded(),
    post("3.0/mlflow/skills/@{}/{}/aliases", "SetSkillAlias").guarded(),
    get("3.0/mlflow/skills/@{}/{}/aliases/{}", "GetSkillVersion").guarded(),
    delete("3.0/mlflow/skills/@{}/{}/aliases/{}", "DeleteSkillAlias").guarded(),
    post("3.0/mlflow/skills/@{}/{}/tags", "SetSkillTag").guarded(),
    delete("3.0/mlflow/skills/@{}/{}/tags/{*}", "DeleteSkillTag").guarded(),
    get("3.0/mlflow/skills/@{}/{}/versions", "SearchSkillVersions").repeats(ORDER_BY).guarded(),
    post("3.0/mlflow/skills/@{}/{}/versions", "CreateSkillVersion").guarded(),
    get("3.0/mlflow/skills/@{}/{}/versions/{}", "GetSkillVersion").guarded(),
    patch("3.0/mlflow/skills/@{}/{}/versions/{}", "UpdateSkillVersion").guarded(),
    delete("3.0/mlflow/skills/@{}/{}/versions/{}", "DeleteSkillVersion").guarded(),
    post("3.0/mlflow/skills/@{}/{}/versions/{}/tags", "SetSkillVersionTag").guarded(),
    delete("3.0/mlflow/skills/@{}/{}/versions/{}/tags/{*}", "DeleteSkillVersionTag").guarded(),
];
