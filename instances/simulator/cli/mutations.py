"""The documents with which the CLI changes things (backboard-for-the-cli.md §4)."""

from instances.simulator.cli.documents import SERVICE_DOMAIN, Document


def _mutation(name: str, root: str, text: str) -> Document:
    return Document(name, root, f"mutation {name}{text}")


PROJECT_CREATE = _mutation(
    "ProjectCreate",
    "projectCreate",
    """($name: String, $description: String, $workspaceId: String) {
  projectCreate(input: {name: $name, description: $description, workspaceId: $workspaceId}) {
    name id
    environments { edges { node { id name } } }
  }
}""",
)
SERVICE_CREATE = _mutation(
    "ServiceCreate",
    "serviceCreate",
    """(
  $name: String, $projectId: String!, $environmentId: String!, $source: ServiceSourceInput,
  $branch: String, $variables: EnvironmentVariables
) {
  serviceCreate(
    input: {
      name: $name, projectId: $projectId, environmentId: $environmentId, source: $source,
      variables: $variables, branch: $branch
    }
  ) { id name }
}""",
)
TEMPLATE_DEPLOY = _mutation(
    "TemplateDeploy",
    "templateDeployV2",
    """(
  $projectId: String!, $environmentId: String!, $templateId: String!,
  $serializedConfig: SerializedTemplateConfig!
) {
  templateDeployV2(
    input: {
      projectId: $projectId, environmentId: $environmentId, templateId: $templateId,
      serializedConfig: $serializedConfig
    }
  ) { projectId workflowId }
}""",
)
VARIABLE_COLLECTION_UPSERT = _mutation(
    "VariableCollectionUpsert",
    "variableCollectionUpsert",
    """(
  $projectId: String!, $serviceId: String!, $environmentId: String!,
  $variables: EnvironmentVariables!, $skipDeploys: Boolean
) {
  variableCollectionUpsert(
    input: {
      projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId,
      variables: $variables, skipDeploys: $skipDeploys
    }
  )
}""",
)
VARIABLE_DELETE = _mutation(
    "VariableDelete",
    "variableDelete",
    """($projectId: String!, $environmentId: String!, $name: String!, $serviceId: String) {
  variableDelete(
    input: {
      projectId: $projectId, environmentId: $environmentId, name: $name, serviceId: $serviceId
    }
  )
}""",
)
SERVICE_DOMAIN_CREATE = _mutation(
    "ServiceDomainCreate",
    "serviceDomainCreate",
    f"""($environmentId: String!, $serviceId: String!, $targetPort: Int) {{
  serviceDomainCreate(
    input: {{environmentId: $environmentId, serviceId: $serviceId, targetPort: $targetPort}}
  ) {{ {SERVICE_DOMAIN} }}
}}""",
)
SERVICE_CONNECT = _mutation(
    "ServiceConnect",
    "serviceConnect",
    """($id: String!, $input: ServiceConnectInput!) {
  serviceConnect(id: $id, input: $input) { id name }
}""",
)
SERVICE_DISCONNECT = _mutation(
    "ServiceDisconnect",
    "serviceDisconnect",
    "($id: String!) { serviceDisconnect(id: $id) { id name } }",
)
DEPLOYMENT_REDEPLOY = _mutation(
    "DeploymentRedeploy",
    "deploymentRedeploy",
    "($id: String!) { deploymentRedeploy(id: $id) { id } }",
)
SERVICE_INSTANCE_DEPLOY_LATEST_COMMIT = _mutation(
    "ServiceInstanceDeployLatestCommit",
    "serviceInstanceDeploy",
    """($environmentId: String!, $serviceId: String!) {
  serviceInstanceDeploy(environmentId: $environmentId, serviceId: $serviceId, latestCommit: true)
}""",
)
DEPLOYMENT_RESTART = _mutation(
    "DeploymentRestart", "deploymentRestart", "($id: String!) { deploymentRestart(id: $id) }"
)
PROJECT_SCHEDULE_DELETE = _mutation(
    "ProjectScheduleDelete",
    "projectScheduleDelete",
    "($id: String!) { projectScheduleDelete(id: $id) }",
)
CLI_EVENT_TRACK = _mutation(
    "CliEventTrack",
    "cliEventTrack",
    "($input: CliEventTrackInput!) { cliEventTrack(input: $input) }",
)
