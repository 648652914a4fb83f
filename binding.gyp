# Delegates to CMakeLists.txt, the one build description.
{
  "targets": [
    {
      "target_name": "myelin",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": ["CMakeLists.txt"],
          "outputs": ["<(PRODUCT_DIR)/myelin.node"],
          "action": ["node", "scripts/cmake-build.js", "<(PRODUCT_DIR)"]
        }
      ]
    }
  ]
}
