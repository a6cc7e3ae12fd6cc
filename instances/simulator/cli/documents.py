"""The documents with which the CLI reads, by operation (backboard-for-the-cli.md §4)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """One operation: what it is called, what it answers with, and its text."""

    name: str
    root: str
    text: str


def _query(name: str, root: str, text: str) -> Document:
    return Document(name, root, f"query {name}{text}")


_PROJECT_LISTED = """
  id name createdAt updatedAt deletedAt
  environments { edges { node { id name canAccess } } }
  services { edges { node { id name } } }
"""
_DEPLOYMENT = """
  canRedeploy id meta status createdAt deploymentStopped instances { id status }
"""
_ACTIVE_DEPLOYMENT = """
  id status createdAt meta deploymentStopped instances { id status }
"""
SERVICE_DOMAIN = """
  id domain suffix environmentId serviceId targetPort syncStatus createdAt updatedAt
"""
_CUSTOM_DOMAIN = """
  id domain environmentId projectId serviceId targetPort syncStatus createdAt updatedAt
  status {
    dnsRecords {
      hostlabel fqdn recordType requiredValue currentValue status zone purpose
    }
    cdnProvider certificateStatus certificateStatusDetailed certificateErrorMessage
    certificateErrorType certificateRetryable
    certificates { issuedAt expiresAt domainNames fingerprintSha256 keyType }
    verificationToken verificationDnsHost verified
  }
"""
_LOG = "{ timestamp message attributes { key value } }"

USER_META = _query("UserMeta", "me", " { me { id name email } }")
USER_PROJECTS = Document(
    "UserProjects",
    "me",
    f"""query UserProjects {{
  externalWorkspaces {{ id name teamId projects {{ {_PROJECT_LISTED} }} }}
  me {{
    workspaces {{
      id name
      team {{ id }}
      projects(first: 500) {{ edges {{ node {{ {_PROJECT_LISTED} }} }} }}
    }}
  }}
}}""",
)
PROJECT_FAVORITES = _query(
    "ProjectFavorites",
    "projectFavorites",
    "($workspaceId: String!) { projectFavorites(workspaceId: $workspaceId) }",
)
PROJECT_TOKEN = _query(
    "ProjectToken",
    "projectToken",
    " { projectToken { id project { id name } environment { id name } } }",
)
PROJECT = _query(
    "Project",
    "project",
    """($id: String!) {
  project(id: $id) {
    id name workspaceId deletedAt
    workspace { name }
    buckets { edges { node { id name } } }
    environments { edges { node { id name canAccess deletedAt unmergedChangesCount } } }
    services { edges { node { id name } } }
  }
}""",
)
ENVIRONMENT_INSTANCES = _query(
    "EnvironmentInstances",
    "environment",
    f"""(
  $environmentId: String!, $projectId: String!,
  $serviceInstancesFirst: Int, $serviceInstancesAfter: String,
  $volumeInstancesFirst: Int, $volumeInstancesAfter: String
) {{
  environment(id: $environmentId, projectId: $projectId) {{
    id name
    serviceInstances(first: $serviceInstancesFirst, after: $serviceInstancesAfter) {{
      edges {{
        node {{
          id serviceId serviceName environmentId numReplicas
          latestDeployment {{ {_DEPLOYMENT} }}
          activeDeployments {{ {_ACTIVE_DEPLOYMENT} }}
          source {{ repo image }}
          domains {{
            serviceDomains {{ id domain targetPort }}
            customDomains {{ id domain targetPort }}
          }}
          cronSchedule nextCronRunAt startCommand tracingEnabled autoInstrumentationEnabled
        }}
      }}
      pageInfo {{ hasNextPage endCursor }}
    }}
    volumeInstances(first: $volumeInstancesFirst, after: $volumeInstancesAfter) {{
      edges {{
        node {{
          id serviceId mountPath environmentId currentSizeMB sizeMB state deletedAt
          isPendingDeletion
          volume {{ name id }}
        }}
      }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}""",
)
TEMPLATE_DETAIL = _query(
    "TemplateDetail",
    "template",
    "($code: String!) { template(code: $code) { id name serializedConfig } }",
)
WORKFLOW_STATUS = _query(
    "WorkflowStatus",
    "workflowStatus",
    "($workflowId: String!) { workflowStatus(workflowId: $workflowId) { status error } }",
)
GITHUB_REPOS = _query("GitHubRepos", "githubRepos", " { githubRepos { fullName defaultBranch } }")
VARIABLES_FOR_SERVICE_DEPLOYMENT = _query(
    "VariablesForServiceDeployment",
    "variablesForServiceDeployment",
    """($projectId: String!, $environmentId: String!, $serviceId: String!) {
  variablesForServiceDeployment(
    projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId
  )
}""",
)
DOMAINS = _query(
    "Domains",
    "domains",
    f"""($environmentId: String!, $projectId: String!, $serviceId: String!) {{
  domains(environmentId: $environmentId, projectId: $projectId, serviceId: $serviceId) {{
    serviceDomains {{ {SERVICE_DOMAIN} }}
    customDomains {{ {_CUSTOM_DOMAIN} }}
  }}
}}""",
)
DEPLOYMENTS = _query(
    "Deployments",
    "deployments",
    """($input: DeploymentListInput!, $first: Int) {
  deployments(input: $input, first: $first) {
    edges { node { id createdAt status meta } }
  }
}""",
)
DEPLOYMENT_LOGS = _query(
    "DeploymentLogs",
    "deploymentLogs",
    f"""(
  $deploymentId: String!, $limit: Int, $filter: String, $startDate: DateTime, $endDate: DateTime
) {{
  deploymentLogs(
    deploymentId: $deploymentId, limit: $limit, filter: $filter,
    startDate: $startDate, endDate: $endDate
  ) {_LOG}
}}""",
)
DEPLOYMENT_STATUS = _query(
    "DeploymentStatus",
    "deployment",
    "($id: String!) { deployment(id: $id) { status environmentId snapshotId createdAt } }",
)
ENVIRONMENT_LOGS = _query(
    "EnvironmentLogs",
    "environmentLogs",
    f"""(
  $environmentId: String!, $filter: String, $beforeLimit: Int, $beforeDate: String,
  $anchorDate: String, $afterDate: String, $afterLimit: Int
) {{
  environmentLogs(
    environmentId: $environmentId, filter: $filter, beforeLimit: $beforeLimit,
    beforeDate: $beforeDate, anchorDate: $anchorDate, afterDate: $afterDate,
    afterLimit: $afterLimit
  ) {_LOG}
}}""",
)
REGIONS = _query(
    "Regions",
    "regions",
    """($projectId: String) {
  regions(projectId: $projectId) {
    name region country location workspaceId
    deploymentConstraints { deprecationInfo { isDeprecated replacementRegion } }
  }
}""",
)
GET_ENVIRONMENT_CONFIG = _query(
    "GetEnvironmentConfig",
    "environment",
    """($id: String!, $decryptVariables: Boolean) {
  environment(id: $id) { id name config(decryptVariables: $decryptVariables) }
}""",
)
